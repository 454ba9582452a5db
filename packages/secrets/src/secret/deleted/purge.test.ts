import { decodeBodies, decodeEvent } from "@keyfold/ledger";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../../testing/house.ts";
import { codeOf, refusalOf } from "../../testing/refusal.ts";

let house: House;
let tenantId: string;
let caller: Caller;
let sequence = 0;
beforeAll(async () => {
  house = await openHouse();
  ({ id: tenantId, caller } = await house.tenant("acme"));
});
afterEach(() => house.moveClock("0"));
afterAll(() => house.verify().finally(() => house.close()));

const sweep = () => house.server.jobs.find((job) => job.name === "secrets.purge")!.run();
async function secret(): Promise<{ id: string; name: string }> {
  const name = `S${++sequence}`;
  const { id } = await caller.secrets.create({ name, value: "value 1" });
  await caller.secrets.rotate({ id, value: "value 2" });
  return { id, name };
}
const TABLES = {
  secrets: "id",
  versions: "secret_id",
  sealed_values: "secret_id",
  consumers: "secret_id",
  consumer_instances: "secret_id",
};
/** How many rows there are of a secret, in all tables together. */
async function rowsOf(id: string): Promise<number> {
  let count = 0;
  for (const [table, column] of Object.entries(TABLES))
    count += (await house.sql(`SELECT 1 FROM control_plane.${table} WHERE ${column} = $1`, [id])).length;
  return count;
}
async function told(about: { id?: string; name?: string }) {
  const rows = await house.sql<{ bodies: Buffer }>(
    "SELECT bodies FROM control_plane.audit_batches WHERE chain_id = $1 ORDER BY number",
    [tenantId],
  );
  return rows
    .flatMap((row) => decodeBodies(row.bodies).map(decodeEvent))
    .filter(
      ({ target }) =>
        target !== null &&
        (target.id === (about.id ?? null) || (about.name !== undefined && target.name === about.name)),
    )
    .map(({ action, outcome, actor }) => [action, outcome, actor.type]);
}
const messages = async (id: string) =>
  (
    await house.sql<{ kind: string }>(
      "SELECT kind FROM control_plane.tenant_messages WHERE secret_id = $1 ORDER BY batch, item",
      [id],
    )
  ).map(({ kind }) => kind);

test("H8: a deleted secret is refused at once and purged after 30 days, all versions with it; consumers are told at both moments", async () => {
  const { id, name } = await secret();
  await caller.secrets.reveal({ id });
  await house.server.flush();
  await caller.secrets.delete({ id, force: true, reason: "over" });
  expect(await codeOf(caller.secrets.reveal({ id }))).toBe("not_found");
  expect((await caller.secrets.list({ state: "deleted" })).secrets.map((one) => one.id)).toContain(id);
  await house.moveClock("29 days");
  await sweep();
  expect((await caller.secrets.restore({ id })).version).toBe(2);
  await caller.secrets.delete({ id, force: true, reason: "over" });
  await house.moveClock("59 days 1 hour");
  expect(await codeOf(caller.secrets.restore({ id }))).toBe("not_found"); // swept or not
  expect(await rowsOf(id)).toBeGreaterThan(0);
  await sweep();
  await sweep();
  expect(await rowsOf(id)).toBe(0);
  expect((await told({ id })).at(-1)).toEqual(["secret.purged", "success", "job"]);
  expect((await messages(id)).filter((kind) => kind !== "secret.unknown_consumer")).toEqual([
    "secret.created",
    "secret.rotated",
    "secret.deleted",
    "secret.restored",
    "secret.deleted",
    "secret.purged",
  ]);
  expect((await caller.secrets.create({ name, value: "a new one" })).version).toBe(1);
});

test("how long a deleted secret waits is the deployment's to say", async () => {
  const short = await house.another({ life: { purgeAfterSeconds: 86_400 } });
  const { id } = await secret();
  const { token } = await caller.tokens.create({ name: "admin", preset: "admin" });
  const { verbs } = await import("../../router/verbs.ts");
  const { requestInfo } = await import("../../router/context.ts");
  await short.invoke(verbs.secrets.delete, requestInfo({ token }), { id });
  await house.moveClock("23 hours");
  await sweep();
  expect((await caller.secrets.get({ id })).state).toBe("deleted");
  await house.moveClock("25 hours");
  await sweep();
  expect(await rowsOf(id)).toBe(0);
});

test("by hand a deleted secret is purged after a day, by its name and with a reason; the database waits as long", async () => {
  const { id, name } = await secret();
  const purge = { id, confirm: name, reason: "asked for by the customer" };
  expect(await codeOf(caller.secrets.purge(purge))).toBe("illegal_state");
  await caller.secrets.delete({ id });
  const early = await refusalOf(caller.secrets.purge(purge));
  expect([early.code, early.message]).toEqual([
    "illegal_state",
    expect.stringMatching(
      /^A deleted secret can be brought back for a day, and this one can be purged from 20.*Z on\./,
    ),
  ]);
  await house.moveClock("25 hours");
  expect(await codeOf(caller.secrets.purge({ ...purge, confirm: "other" }))).toBe("bad_input");
  expect(await codeOf(caller.secrets.purge({ ...purge, reason: "" }))).toBe("bad_input");
  expect(await caller.secrets.purge(purge)).toEqual({ id, versions: 2 });
  expect(await rowsOf(id)).toBe(0);
  expect(await codeOf(caller.secrets.purge(purge))).toBe("not_found");

  const other = await secret();
  await house.moveClock("0");
  await caller.secrets.delete({ id: other.id });
  const asApplication = (tenant: string) =>
    house.db.pool
      .query(
        `BEGIN; SET LOCAL keyfold.tenant = '${tenant}'; SELECT control_plane.purge_secret('${tenantId}', '${other.id}')`,
      )
      .then(
        () => "done",
        (error: { code: string }) => error.code,
      )
      .finally(() => house.db.pool.query("ROLLBACK"));
  expect(await asApplication(tenantId)).toBe("KF403");
  await house.moveClock("25 hours");
  expect(await asApplication("00000000-0000-4000-8000-000000000000")).toBe("KF403");
});

test("G10: deleting what is not there is told to the audit log too", async () => {
  const id = "00000000-0000-4000-8000-000000000001";
  expect(await codeOf(caller.secrets.delete({ id }))).toBe("not_found");
  expect(await codeOf(caller.secrets.delete({ name: "NEVER_WAS" }))).toBe("not_found");
  expect(await told({ id })).toEqual([["secret.deleted", "not_found", "service_token"]]);
  expect((await told({ name: "NEVER_WAS" })).at(-1)).toEqual([
    "secret.deleted",
    "not_found",
    "service_token",
  ]);
});

test("a secret in a project that was deleted after it is purged all the same, and an edited row is not", async () => {
  await caller.projects.create({ name: "leaving" });
  const { id } = await caller.secrets.create({
    project: "leaving",
    environment: "dev",
    name: "K",
    value: "x",
  });
  await caller.secrets.delete({ id });
  await caller.projects.delete({ project: "leaving" });
  const edited = await secret();
  const kept = await secret();
  await caller.secrets.delete({ id: kept.id });
  await house.tamper(
    "UPDATE control_plane.secrets SET state = 'deleted', deleted_at = now(), purge_after = now() + interval '1 day', current_version = NULL WHERE id = $1",
    [edited.id],
  );
  await house.moveClock("29 days");
  await sweep();
  expect(await rowsOf(edited.id)).toBeGreaterThan(0);
  expect(house.logged.join("\n")).toContain("integrity_failed");
  expect(await rowsOf(kept.id)).toBeGreaterThan(0);
  await house.moveClock("31 days");
  await sweep();
  expect(await rowsOf(id)).toBe(0);
  expect(await rowsOf(kept.id)).toBe(0);
});
