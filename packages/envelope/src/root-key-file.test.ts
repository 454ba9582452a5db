import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unsafelyExportKey } from "./key.ts";
import { generateRootKeyFile, rootKeyFromFile } from "./root-key-file.ts";

let folder: string;
let count = 0;
const fresh = () => join(folder, `key-${++count}`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-root-key-"));
});
afterAll(() => rm(folder, { recursive: true }));

const refused = (message: string) => ({ code: "bad_root_key", message });

test("a generated file is closed to others, holds base64url, and is read back as the same key", async () => {
  const path = fresh();
  const key = await generateRootKeyFile(path);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readFile(path, "utf8")).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
  expect(unsafelyExportKey(await rootKeyFromFile(path))).toEqual(unsafelyExportKey(key));
});

test("two generated files hold different keys", async () => {
  const [one, two] = await Promise.all([generateRootKeyFile(fresh()), generateRootKeyFile(fresh())]);
  expect(one.checkValue()).not.toEqual(two.checkValue());
});

test("generating never overwrites", async () => {
  const path = fresh();
  await generateRootKeyFile(path);
  const before = await readFile(path, "utf8");
  await expect(generateRootKeyFile(path)).rejects.toMatchObject(
    refused(`The root key file ${path} is there already; it is not overwritten.`),
  );
  expect(await readFile(path, "utf8")).toBe(before);
});

test("generating in a folder that is not there says so", async () => {
  const path = join(folder, "nowhere", "key");
  await expect(generateRootKeyFile(path)).rejects.toMatchObject(
    refused(`The root key file ${path} cannot be made (ENOENT).`),
  );
});

test.each([0o640, 0o604, 0o644, 0o660, 0o620, 0o610])(
  "a file of mode %o is refused, with the remedy",
  async (mode) => {
    const path = fresh();
    await generateRootKeyFile(path);
    await chmod(path, mode);
    await expect(rootKeyFromFile(path)).rejects.toMatchObject(
      refused(`The root key file ${path} can be read by group or others. Close it with: chmod 600 ${path}`),
    );
    await chmod(path, 0o600);
    await expect(rootKeyFromFile(path)).resolves.toBeDefined();
  },
);

test("a file may be read-only, hold hex or 32 raw bytes, and be reached by a link", async () => {
  const bytes = randomBytes(32);
  for (const [content, mode] of [
    [`${bytes.toString("hex")}\n`, 0o400],
    [bytes, 0o600],
  ] as const) {
    const path = fresh();
    await writeFile(path, content, { mode });
    const link = fresh();
    await symlink(path, link);
    expect(unsafelyExportKey(await rootKeyFromFile(link))).toEqual(bytes);
  }
});

test("what is no key file is refused, with the path and the remedy", async () => {
  const missing = fresh();
  await expect(rootKeyFromFile(missing)).rejects.toMatchObject(
    refused(`There is no root key file at ${missing}. Make a good one with: keyfold keys generate`),
  );
  const directory = fresh();
  await mkdir(directory, { mode: 0o700 });
  await expect(rootKeyFromFile(directory)).rejects.toMatchObject(
    refused(`The root key file ${directory} is not a regular file.`),
  );
  const long = fresh();
  await writeFile(long, "A".repeat(4097), { mode: 0o600 });
  await expect(rootKeyFromFile(long)).rejects.toMatchObject(
    refused(
      `The root key file ${long} is too long to hold one key. Make a good one with: keyfold keys generate`,
    ),
  );
  const empty = fresh();
  await writeFile(empty, "", { mode: 0o600 });
  await expect(rootKeyFromFile(empty)).rejects.toMatchObject(
    refused("The root key is empty. Make a good one with: keyfold keys generate"),
  );
});
