import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localRootKey } from "@keyfold/envelope";
import { callerOf, type House, openHouse } from "@keyfold/secrets/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commandLine, type Said } from "../testing/command-line.ts";

const bytes = randomBytes(32);
let folder: string;
let house: House;
let env: Record<string, string>;
let root: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-recovery-"));
  const provider = localRootKey(Buffer.from(bytes));
  root = (await provider.current()).id;
  house = await openHouse({ provider });
  env = {
    DATABASE_URL: house.database.url,
    KEYFOLD_MIGRATION_URL: house.database.ownerUrl,
    KEYFOLD_ROOT_KEY: bytes.toString("base64"),
  };
});
afterEach(async () => {
  await house.close();
  await rm(folder, { recursive: true, force: true });
});

const keyfold = (argv: string[], more: Record<string, string> = {}): Promise<Said> =>
  commandLine(argv, { env: { ...env, ...more }, cwd: folder });
const backup = async () => (await callerOf(house.server, house.operatorToken).keys.status({})).backup;

async function identity(name: string): Promise<string> {
  const made = await keyfold(["keys", "recovery-identity", "--file", name]);
  expect(made).toMatchObject({ exit: 0 });
  expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  return made.out.trim();
}

test("a bundle is made, counts once its recipient has proved to open it, and gives the root key back", async () => {
  const recipient = await identity("identity.txt");
  const made = await keyfold(["keys", "backup", "--to", recipient, "--out", "keys.bundle"]);
  expect(made).toMatchObject({ exit: 0, out: "keys.bundle\n" });
  expect(await backup()).toMatchObject({ state: "unconfirmed", rootKeys: [root] });

  const opening = ["--bundle", "keys.bundle", "--identity", "identity.txt"];
  const opened = await keyfold(["keys", "open-bundle", ...opening]);
  expect(opened.out).toMatch(/^kfr_[A-Za-z0-9_-]{32}\n$/);
  expect(opened.err).toContain(root);
  expect(await keyfold(["keys", "backup", "--confirm", "kfr_wrong"])).toMatchObject({
    exit: 1,
    err: "This is no code of the newest bundle. Open that one with keyfold keys open-bundle.\n",
  });
  expect(await keyfold(["keys", "backup", "--confirm", opened.out.trim()])).toMatchObject({
    exit: 0,
    out: expect.stringMatching(/^Confirmed for [0-9a-f]{16}\. The bundle counts as a backup now\.\n$/),
  });
  expect(await backup()).toMatchObject({ state: "confirmed" });

  // An empty machine: no database, no settings.
  const restored = await commandLine(["keys", "restore", ...opening, "--file", "root-key"], { cwd: folder });
  expect(restored).toMatchObject({ exit: 0, out: `${root}\n` });
  expect((await stat(join(folder, "root-key"))).mode & 0o777).toBe(0o600);
  expect(Buffer.from((await readFile(join(folder, "root-key"), "utf8")).trim(), "base64url")).toEqual(bytes);
  for (const said of [made, opened, restored])
    expect(said.out + said.err).not.toContain(bytes.toString("base64url"));
});

test("recipients come from the settings too, and from nowhere else: without any there is no bundle", async () => {
  const recipient = await identity("identity.txt");
  expect(await keyfold(["keys", "backup", "--out", "keys.bundle"])).toMatchObject({
    exit: 1,
    err: expect.stringContaining("There is nobody to seal it to."),
  });
  expect(await backup()).toBeNull();
  const from = { KEYFOLD_RECOVERY_RECIPIENTS: recipient };
  expect(await keyfold(["keys", "backup", "--out", "keys.bundle"], from)).toMatchObject({ exit: 0 });
  expect(
    await keyfold(["keys", "backup", "--out", "other.bundle"], { KEYFOLD_RECOVERY_RECIPIENTS: "age1" }),
  ).toMatchObject({
    exit: 2,
  });
});

test("a wrong identity, a wrong bundle, or a file that is there: said clearly, with nothing written", async () => {
  const recipient = await identity("identity.txt");
  await identity("other.txt");
  await keyfold(["keys", "backup", "--to", recipient, "--out", "keys.bundle"]);
  const whole = await readFile(join(folder, "keys.bundle"), "utf8");
  await writeFile(join(folder, "cut.bundle"), whole.slice(0, 500));
  await writeFile(join(folder, "there"), "mine");
  const before = await readdir(folder);
  for (const [argv, sentence] of [
    [
      ["keys.bundle", "other.txt", "root-key"],
      "This identity does not open this: it was sealed to other recovery keys.",
    ],
    [
      ["cut.bundle", "identity.txt", "root-key"],
      "This key bundle cannot be used: it is cut off, or something else than a bundle. Take another copy.",
    ],
    [
      ["identity.txt", "identity.txt", "root-key"],
      "This key bundle cannot be used: it is cut off, or something else than a bundle. Take another copy.",
    ],
    [
      ["none.bundle", "identity.txt", "root-key"],
      `The file ${join(folder, "none.bundle")} cannot be read (ENOENT).`,
    ],
    [
      ["keys.bundle", "identity.txt", "there"],
      `There is a file at ${join(folder, "there")} already; it is not overwritten.`,
    ],
  ] as const) {
    const [bundle, by, file] = argv;
    expect(await keyfold(["keys", "restore", "--bundle", bundle, "--identity", by, "--file", file])).toEqual(
      expect.objectContaining({ exit: 1, out: "", err: `${sentence}\n` }),
    );
  }
  expect(await readdir(folder)).toEqual(before);
  expect(await readFile(join(folder, "there"), "utf8")).toBe("mine");
  expect(await keyfold(["keys", "backup", "--to", recipient, "--out", "there"])).toMatchObject({ exit: 1 });
});

test("the wrong root key makes no bundle, and says which one this database needs", async () => {
  const recipient = await identity("identity.txt");
  const said = await keyfold(["keys", "backup", "--to", recipient, "--out", "keys.bundle"], {
    KEYFOLD_ROOT_KEY: randomBytes(32).toString("base64"),
  });
  expect(said).toMatchObject({ exit: 1, out: "" });
  expect(said.err).toContain(`This database needs the root key ${root}`);
  expect(await readdir(folder)).toEqual(["identity.txt"]);
});
