import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase } from "@keyfold/db/testing";
import { hybridSeedFromText, localRootKey } from "@keyfold/envelope";
import { DeploymentError } from "@keyfold/secrets";
import { type House, openHouse } from "@keyfold/secrets/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseConfig } from "../config.ts";
import { openHost } from "./host.ts";
import { sayingWhere } from "./where-keys-are.ts";

let house: House;
let folder: string;
let needed: string;
beforeAll(async () => {
  house = await openHouse();
  needed = (await house.provider.current()).id;
  folder = await mkdtemp(join(tmpdir(), "keyfold-where-"));
});
afterAll(async () => {
  await house.close();
  await rm(folder, { recursive: true, force: true });
});

const sentence = (settings: Record<string, string>, url = house.database.url) =>
  openHost({ DATABASE_URL: url, ...settings }, folder).then(
    () => "it opened",
    (error: Error) => error.message,
  );
const key = () => randomBytes(32).toString("base64");

test("a start with a wrong root key says which one is needed and where it was looked for, and no key", async () => {
  const path = join(folder, "root-key");
  const [one, other] = [key(), key()];
  await writeFile(path, one, { mode: 0o600 });
  const said = await sentence({
    KEYFOLD_ROOT_KEY_FILE: path,
    KEYFOLD_OTHER_ROOT_KEY_COMMAND: `echo ${other}`,
  });
  expect(said).toContain(`This database needs the root key ${needed}, but the ones given are local:`);
  expect(said).toMatch(
    new RegExp(
      `It was looked for in KEYFOLD_ROOT_KEY_FILE \\(${path}\\) and KEYFOLD_OTHER_ROOT_KEY_COMMAND\\.$`,
    ),
  );
  for (const secret of [one, other]) expect(said).not.toContain(secret);
});

test.each([
  [
    "a file that is gone",
    { KEYFOLD_ROOT_KEY_FILE: "no-such-file" },
    /KEYFOLD_ROOT_KEY_FILE \(.*no-such-file\)\.$/,
  ],
  ["a command that fails", { KEYFOLD_ROOT_KEY_COMMAND: "exit 3" }, /KEYFOLD_ROOT_KEY_COMMAND\.$/],
  ["a key that is too short", { KEYFOLD_ROOT_KEY: "00ff" }, /KEYFOLD_ROOT_KEY\.$/],
  [
    "a provider's file that is gone",
    { KEYFOLD_ROOT_KEY_PROVIDER: "file:/no/such/file" },
    /KEYFOLD_ROOT_KEY_PROVIDER\.$/,
  ],
] as const)(
  "a start without a root key says which one is needed and where it was looked for: %s",
  async (_, settings, where) => {
    const said = await sentence(settings);
    expect(said).toContain(`This database needs the root key ${needed}. It was looked for in `);
    expect(said).toMatch(where);
  },
);

test("where the database holds nothing yet, the sentence is about the key alone", async () => {
  const empty = await createTestDatabase();
  try {
    const said = await sentence({ KEYFOLD_ROOT_KEY_FILE: "no-such-file" }, empty.url);
    expect(said).toContain("no-such-file");
    expect(said).not.toContain("This database needs");
  } finally {
    await empty.drop();
  }
});

test("a start without a hybrid seed that some key takes says which one, and where it was looked for", async () => {
  const seed = hybridSeedFromText(key());
  const bytes = randomBytes(32);
  const other = await openHouse({
    provider: localRootKey(Buffer.from(bytes)),
    hybrid: { current: seed },
    algorithm: "hybrid-quantum",
  });
  try {
    await other.tenant("acme");
    const said = await sentence(
      { KEYFOLD_ROOT_KEY: bytes.toString("base64"), KEYFOLD_HYBRID_SEED_FILE: "no-such-seed" },
      other.database.url,
    );
    expect(said).toContain(`This database needs the hybrid seed ${seed.publicKey.id}. It was looked for in `);
    expect(said).toContain(`KEYFOLD_HYBRID_SEED_FILE (${join(folder, "no-such-seed")})`);
  } finally {
    await other.close();
  }
});

test("a wrong hybrid seed's sentence says where that was looked for", async () => {
  const config = parseConfig(
    { DATABASE_URL: house.database.url, KEYFOLD_ROOT_KEY: key(), KEYFOLD_HYBRID_SEED_FILE: "seed" },
    folder,
  );
  const open = () => Promise.reject(new DeploymentError("wrong_hybrid_seed", "This is not the one."));
  await expect(sayingWhere(config, open)).rejects.toMatchObject({
    problem: "wrong_hybrid_seed",
    message: `This is not the one. It was looked for in KEYFOLD_HYBRID_SEED_FILE (${join(folder, "seed")}).`,
  });
});
