import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { localRootKey } from "@keyfold/envelope";
import { afterEach, beforeEach, expect, type TestContext, test } from "vitest";
import { callerOf, type House, openHouse } from "../testing/house.ts";
import { toItsEnd } from "../testing/keys.ts";

/** docs/envelope-v1-reader.py opens the rows of a real house: with the root key, and nothing else of ours. */
const READER = fileURLToPath(new URL("../../../../docs/envelope-v1-reader.py", import.meta.url));
const TABLES = ["deployments", "secrets", "tenant_keys", "key_wraps", "sealed_values"];

let house: House;
let folder: string;
const rootKey = randomBytes(32);
const provider = localRootKey(Uint8Array.from(rootKey));

beforeEach(async (context) => {
  needsPython(context);
  house = await openHouse({ provider });
  folder = await mkdtemp(join(tmpdir(), "keyfold-rows-"));
});
afterEach(async () => {
  await house.close();
  await rm(folder, { recursive: true, force: true });
});

/** Skips where Python or its package is missing; in CI that is a failure. */
function needsPython(context: TestContext): void {
  if (spawnSync("python3", ["-c", "import cryptography"]).status === 0) return;
  const sentence = "python3 with the package `cryptography` is missing";
  if (process.env.CI) throw new Error(`${sentence}: CI must have it`);
  context.skip(sentence);
}

/** The tables as `\copy … csv header` writes them: the server makes the lines, in its own quoting. */
async function dump(): Promise<void> {
  for (const table of TABLES) {
    const columns = await house.sql<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'control_plane.${table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    );
    const names = columns.map(({ name }) => name);
    const cells = names.map((name) => `'"' || replace(${name}::text, '"', '""') || '"'`);
    const rows = await house.sql<{ line: string }>(
      `SELECT concat_ws(',', ${cells.map((cell) => `coalesce(${cell}, '')`).join(", ")}) AS line FROM control_plane.${table}`,
    );
    const lines = [names.join(","), ...rows.map(({ line }) => line)];
    await writeFile(join(folder, `${table}.csv`), `${lines.join("\n")}\n`);
  }
}

interface Read {
  name?: string;
  version: number;
  value_base64?: string;
  erased?: boolean;
  refused?: string;
}

async function read(key: Buffer | string): Promise<{ status: number; rows: Read[] }> {
  const keyFile = join(folder, "root-key");
  await writeFile(keyFile, key, { mode: 0o600 });
  const { status, stdout, stderr } = spawnSync("python3", [READER, "rows", folder, keyFile], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  const rows = stdout.trimEnd().split("\n");
  return { status: status!, rows: rows.map((line) => JSON.parse(line) as Read) };
}
const valuesOf = (rows: Read[]) =>
  rows
    .map(({ name, version, value_base64 }) => [
      name,
      version,
      value_base64 === undefined ? null : Buffer.from(value_base64, "base64").toString(),
    ])
    .sort();

test("every version of every tenant opens, an erased one stays shut, and another root key opens none", async () => {
  const one = await house.tenant("one");
  const two = await house.tenant("two");
  const { id } = await one.caller.secrets.create({ name: "folder/KEY", value: 'a "first" value,\nnot real' });
  await one.caller.secrets.rotate({ id, value: "a second välue" });
  await one.caller.secrets.rotate({ id, value: "the third" });
  await one.caller.versions.destroy({ id, version: 1, reason: "it leaked" });
  await two.caller.secrets.create({ name: "OTHER", value: "of another tenant" });
  await dump();
  for (const key of [rootKey, rootKey.toString("hex"), rootKey.toString("base64")]) {
    const { status, rows } = await read(key);
    expect(status).toBe(0);
    expect(valuesOf(rows.filter(({ erased }) => !erased))).toEqual([
      ["OTHER", 1, "of another tenant"],
      ["folder/KEY", 2, "a second välue"],
      ["folder/KEY", 3, "the third"],
    ]);
    expect(rows.filter(({ erased }) => erased).map(({ version }) => version)).toEqual([1]);
  }
  const stranger = await read(randomBytes(32));
  expect(stranger.status).toBe(1);
  for (const row of stranger.rows.filter(({ erased }) => !erased)) expect(row.refused).toBe("unknown_opener");
});

test("after the root key was rotated either one opens, and after a tenant's keys were renewed the values still do", async () => {
  const { caller } = await house.tenant("one");
  await caller.secrets.create({ name: "KEY", value: "not a real value" });
  const next = randomBytes(32);
  const both = await house.another({
    provider: localRootKey(Uint8Array.from(next)),
    others: [provider],
  });
  const operator = callerOf(both, house.operatorToken);
  await toItsEnd(() => operator.keys.rotate({}));
  await dump();
  for (const key of [rootKey, next])
    expect(valuesOf((await read(key)).rows)).toEqual([["KEY", 1, "not a real value"]]);
  await toItsEnd(() => operator.keys.rotateTenant({}));
  await dump();
  expect(valuesOf((await read(next)).rows)).toEqual([["KEY", 1, "not a real value"]]);
});

test("bytes that were moved to another secret's row are refused by name", async () => {
  const { caller } = await house.tenant("one");
  const from = await caller.secrets.create({ name: "FROM", value: "not a real value" });
  const to = await caller.secrets.create({ name: "TO", value: "another" });
  await house.tamper(
    `UPDATE control_plane.sealed_values t SET sealed = f.sealed FROM control_plane.sealed_values f
      WHERE t.secret_id = $1 AND f.secret_id = $2`,
    [to.id, from.id],
  );
  await dump();
  const { status, rows } = await read(rootKey);
  expect(status).toBe(1);
  expect(rows.find(({ name }) => name === "TO")?.refused).toBe("wrong_key");
  expect(rows.find(({ name }) => name === "FROM")?.value_base64).toBeDefined();
});

test("a file that is no key is refused with a sentence", () => {
  expect(() =>
    execFileSync("python3", [READER, "rows", folder, READER], { encoding: "utf8", stdio: "pipe" }),
  ).toThrow("does not hold 32 bytes");
});
