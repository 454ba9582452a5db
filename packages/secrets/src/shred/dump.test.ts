import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createEnvelope } from "@keyfold/envelope";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";

/*
 * Someone who has the root key, and everything there is to have of the database: every column of every table, and the
 * files that the server keeps them in.
 */

let house: House;
beforeAll(async () => {
  house = await openHouse({ waits: { shredSeconds: 0 } });
});
afterAll(() => house.close());

/** Every piece of bytes in every table, as a superuser reads them: what a full dump holds. */
async function dump(): Promise<Buffer[]> {
  const columns = await house.sql<{ table: string; column: string }>(
    `SELECT c.table_name AS table, c.column_name AS column FROM information_schema.columns c
      WHERE c.table_schema = 'control_plane' AND c.data_type = 'bytea'`,
  );
  const pieces: Buffer[] = [];
  for (const { table, column } of columns)
    for (const row of await house.sql<{ piece: Buffer }>(
      `SELECT "${column}" AS piece FROM control_plane."${table}" WHERE "${column}" IS NOT NULL`,
    ))
      pieces.push(row.piece);
  return pieces;
}

/** The files of this database's tables, indexes and statistics, without the write-ahead log. */
async function files(): Promise<Buffer> {
  await house.sql("CHECKPOINT");
  const [at] = await house.sql<{ folder: string; oid: number }>(
    "SELECT current_setting('data_directory') AS folder, oid::int FROM pg_database WHERE datname = current_database()",
  );
  const folder = join(at!.folder, "base", String(at!.oid));
  return Buffer.concat(
    await Promise.all(
      (await readdir(folder)).map((name) => readFile(join(folder, name)).catch(() => Buffer.alloc(0))),
    ),
  );
}

/** How many of these pieces the root key unwraps as a key of this tenant. */
async function opens(tenant: string, pieces: readonly Buffer[]): Promise<number> {
  const { id: opener } = await house.provider.current();
  const envelope = createEnvelope();
  let opened = 0;
  for (const piece of pieces)
    for (const purpose of ["value", "digest"] as const) {
      const place = { deployment: house.server.deployment.id, tenant, purpose, term: 1, opener };
      opened += await envelope.unwrapKey(house.provider, piece, place).then(
        () => 1,
        () => 0,
      );
    }
  return opened;
}

test("a full dump and the files of the database, taken after a shredding, and the root key open nothing of it", async () => {
  const operator = house.as(house.operatorToken);
  // Its rows are the newest ones of a page: cleaning alone would free their space, and leave the bytes in it.
  for (let i = 0; i < 60; i++) await operator.tenants.create({ slug: `neighbour-${i}` });
  const [kept, gone] = [await house.tenant("kept"), await house.tenant("gone")];
  for (const { caller } of [gone, kept]) {
    const once = { idempotencyKey: "made-once-and-no-more" };
    const { id } = await caller.secrets.create({ name: "K", value: "not a real value", ...once });
    await caller.secrets.rotate({ id, value: "not a real value either" });
  }
  await house.sql("ANALYZE");

  const wrapped = async (id: string) =>
    (
      await house.sql<{ wrapped: Buffer }>(
        "SELECT wrapped FROM control_plane.key_wraps WHERE tenant_id = $1",
        [id],
      )
    ).map((row) => row.wrapped);
  const before = await wrapped(gone.id);
  expect(before).toHaveLength(2);
  const there = await files();
  expect(before.every((bytes) => there.includes(bytes))).toBe(true);
  expect(await opens(gone.id, await dump())).toBe(2);

  await operator.shreds.request({ tenant: "gone", confirm: "gone", reason: "the contract ended" });
  await gone.caller.shreds.agree({ confirm: "gone" });
  expect((await operator.shreds.run({})).shreds).toEqual([
    { tenant: gone.id, state: "shredded", problem: null },
  ]);
  await house.sql("VACUUM (FREEZE)");

  const after = await dump();
  expect(await opens(gone.id, after)).toBe(0);
  expect(await opens(kept.id, after)).toBe(2);
  // Digests of requests are the deployment's, and tell guesses of a value to who holds the root key.
  const requests = await house.sql<{ id: string }>(
    "SELECT tenant_id AS id FROM control_plane.idempotency_keys",
  );
  expect(requests).toEqual([{ id: kept.id }]);
  const left = await files();
  for (const bytes of before) expect(left.includes(bytes)).toBe(false);
  for (const bytes of await wrapped(kept.id)) expect(left.includes(bytes)).toBe(true);
  expect((await kept.caller.secrets.reveal({ name: "K" })).value).toBe("not a real value either");
});

test("the planner samples nothing of what holds keys or values", async () => {
  const { caller } = await house.tenant("sampled");
  await caller.secrets.create({ name: "K", value: "not a real value" });
  await house.sql("ANALYZE");
  const sampled = await house.sql<{ column: string }>(
    "SELECT tablename || '.' || attname AS column FROM pg_stats WHERE schemaname = 'control_plane'",
  );
  const names = sampled.map(({ column }) => column);
  expect(names).toContain("key_wraps.opener");
  for (const column of [
    "key_wraps.wrapped",
    "deployment_key_wraps.wrapped",
    "sealed_values.sealed",
    "sealed_values.dek_wrap",
    "sealed_values.digest",
  ])
    expect(names).not.toContain(column);
});

test("a destroyed version's wrapped key leaves the dump at once, and its dead row with the server's next cleaning", async () => {
  const { caller, id: tenant } = await house.tenant("versions");
  const { id } = await caller.secrets.create({ name: "K", value: "not a real value" });
  const [{ wrap }] = (await house.sql<{ wrap: Buffer }>(
    "SELECT dek_wrap AS wrap FROM control_plane.sealed_values WHERE tenant_id = $1",
    [tenant],
  )) as [{ wrap: Buffer }];
  expect((await dump()).some((piece) => piece.equals(wrap))).toBe(true);
  await caller.versions.destroy({ id, version: 1, reason: "a test" });
  expect((await dump()).some((piece) => piece.equals(wrap))).toBe(false);
  // One dead row is enough for the server to come by.
  const [{ options }] = (await house.sql<{ options: string[] }>(
    "SELECT reloptions AS options FROM pg_class WHERE oid = 'control_plane.sealed_values'::regclass",
  )) as [{ options: string[] }];
  expect(options).toEqual(
    expect.arrayContaining(["autovacuum_vacuum_threshold=0", "autovacuum_vacuum_scale_factor=0"]),
  );
});
