import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openHost } from "@keyfold/api/host";
import { hybridSeedFromText, localRootKey } from "@keyfold/envelope";
import { callerOf, type House, openHouse } from "@keyfold/secrets/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";

// A deployment with a hybrid tenant is backed up, and restored with the hybrid seed and without.

const root = randomBytes(32);
const [seed, next] = [randomBytes(32).toString("base64url"), randomBytes(32).toString("base64url")];
const [name, nextName] = [seed, next].map((text) => hybridSeedFromText(text).publicKey.id) as [
  string,
  string,
];
let folder: string;
let house: House;
let recipient: string;
let token: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-hybrid-backup-"));
  house = await openHouse({
    provider: localRootKey(Buffer.from(root)),
    hybrid: { current: hybridSeedFromText(seed) },
  });
  const tenant = await house.tenant("acme");
  token = tenant.token;
  await tenant.caller.secrets.create({ name: "PLAIN", value: "not a real value" });
  await tenant.caller.secrets.create({ name: "HYBRID", value: "nor is this", algorithm: "hybrid-quantum" });
  recipient = (
    await commandLine(["keys", "recovery-identity", "--file", "identity.txt"], { cwd: folder })
  ).out.trim();
}, 120_000);
afterAll(async () => {
  await house?.close();
  await rm(folder, { recursive: true, force: true });
});

const keyfold = (argv: string[], env: Record<string, string> = {}) => commandLine(argv, { env, cwd: folder });
const before = () => ({
  DATABASE_URL: house.database.url,
  KEYFOLD_MIGRATION_URL: house.database.ownerUrl,
  KEYFOLD_ROOT_KEY: root.toString("base64"),
  KEYFOLD_HYBRID_SEED: seed,
});
const after = () => ({
  KEYFOLD_MODE: "production",
  KEYFOLD_EMBEDDED_DATABASE: "1",
  KEYFOLD_DATA_DIR: join(folder, "after"),
  KEYFOLD_ROOT_KEY_FILE: join(folder, "after-root-key"),
});
const exists = (file: string) =>
  stat(join(folder, file)).then(
    () => true,
    () => false,
  );

test("a hybrid tenant is restored with its seed; without one, or with another, nothing is written and the sentence names it", async () => {
  expect(await keyfold(["backup", "make", "--out", "all.backup", "--to", recipient], before())).toMatchObject(
    {
      exit: 0,
    },
  );
  const restore = (env: Record<string, string>) =>
    keyfold(["backup", "restore", "all.backup", "--identity", "identity.txt"], env);
  expect(await restore(after())).toMatchObject({
    exit: 2,
    err: `This deployment does not start without its hybrid seed ${name}. Set KEYFOLD_HYBRID_SEED_FILE to where it shall be kept: this backup holds it. Nothing was written.\n`,
  });
  await writeFile(join(folder, "other-seed"), `${next}\n`, { mode: 0o600 });
  const wrong = await restore({ ...after(), KEYFOLD_HYBRID_SEED_FILE: join(folder, "other-seed") });
  expect([wrong.exit, wrong.err]).toEqual([
    1,
    expect.stringContaining(`holds another hybrid seed (${nextName}), and this backup needs ${name}.`),
  ]);
  expect(await exists("after-root-key")).toBe(false);

  const env = { ...after(), KEYFOLD_HYBRID_SEED_FILE: join(folder, "after-seed") };
  const restored = await restore(env);
  expect(restored).toMatchObject({ exit: 0, err: expect.stringContaining(`The hybrid seed ${name} is in`) });
  expect((await stat(join(folder, "after-seed"))).mode & 0o777).toBe(0o600);
  expect((await readFile(join(folder, "after-seed"), "utf8")).trim()).toBe(seed);
  const host = await openHost(env, folder);
  try {
    const caller = callerOf(host.keyfold, token);
    expect((await caller.secrets.reveal({ name: "HYBRID" })).value).toBe("nor is this");
    expect((await caller.secrets.reveal({ name: "PLAIN" })).value).toBe("not a real value");
  } finally {
    await host.close();
  }
  // A start without the seed, or with another: refused by name.
  for (const given of [{}, { KEYFOLD_HYBRID_SEED: next }])
    await expect(openHost({ ...after(), ...given }, folder)).rejects.toMatchObject({
      problem: "wrong_hybrid_seed",
      message: expect.stringContaining(`This database needs the hybrid seed ${name}`),
    });
});

test("a key bundle says which hybrid seeds it holds, both while one is changed, and gives them back", async () => {
  const env = { ...before(), KEYFOLD_HYBRID_SEED: next, KEYFOLD_OTHER_HYBRID_SEED: seed };
  const made = await keyfold(["keys", "backup", "--to", recipient, "--out", "keys.bundle"], env);
  expect(made).toMatchObject({ exit: 0 });
  expect(made.err).toContain(` and ${nextName} and ${name} to `);
  expect(made.err).toContain(
    "Root key and hybrid seed are in one file now: whoever opens it has both halves.",
  );
  const bundle = ["--bundle", "keys.bundle", "--identity", "identity.txt"];
  expect((await keyfold(["keys", "open-bundle", ...bundle])).err).toContain(
    `, hybrid seeds ${nextName} and ${name}.`,
  );
  const restore = (...more: string[]) =>
    keyfold(["keys", "restore", ...bundle, "--file", "root-key", ...more]);
  for (const [refused, option] of [
    [await restore(), "--other-hybrid-seed-file"],
    [await restore("--other-hybrid-seed-file", "old-seed"), "--hybrid-seed-file"],
  ] as const)
    expect([refused.exit, refused.err]).toEqual([2, expect.stringContaining(`with ${option}`)]);
  expect([await exists("root-key"), await exists("old-seed")]).toEqual([false, false]);
  const given = await restore("--hybrid-seed-file", "new-seed", "--other-hybrid-seed-file", "old-seed");
  expect(given).toMatchObject({ exit: 0 });
  const read = async (file: string) => (await readFile(join(folder, file), "utf8")).trim();
  expect([await read("new-seed"), await read("old-seed")]).toEqual([next, seed]);
  for (const said of [made, given])
    for (const secret of [seed, next]) expect(said.out + said.err).not.toContain(secret);
});
