import { type Connections, connect } from "@keyfold/db";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type DatabaseWay, openWay } from "./testing/database-way.ts";
import { type Served, serveHouse } from "./testing/index.ts";
import { asSuperuser } from "./testing/superuser.ts";

const VALUE = "sk_test_not_a_real_key";

let served: Served;
let way: DatabaseWay;
let db: Connections;
let token: string;
let id: string;

beforeAll(async () => {
  served = await serveHouse({
    async server(house) {
      way = await openWay(house.database.url);
      db = connect({ url: way.url, poolSize: 4, connectTimeoutMs: 1000, statementTimeoutMs: 500 });
      return house.another({ db });
    },
  });
  token = (await served.house.tenant("acme")).token;
  id = (await served.call("/api/secrets", { token, body: { name: "A", value: VALUE } })).json.id;
});
afterAll(async () => {
  await db.close();
  await way.close();
  await served.close();
});

const sql = (text: string) => asSuperuser(served.house, text);
const read = () => served.call(`/api/secrets/${id}`, { token });
const write = () =>
  served.call(`/api/secrets/${id}/rotate`, { token, body: { value: `${VALUE}_2`, reason: "test" } });

let undo: (() => Promise<unknown>) | null = null;
afterEach(async () => {
  await undo?.();
  undo = null;
});

test("A6: a database that is gone is a named 503, and the next read after its return works without a restart", async () => {
  await way.cut();
  undo = () => way.mend();
  for (const answer of [await read(), await write()]) {
    expect([answer.status, answer.json.code]).toEqual([503, "database_unavailable"]);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(answer.text).not.toContain("sk_test");
  }
  const trpc = await served.call("/trpc/identity.get", { token });
  expect([trpc.status, trpc.json.error.json.data.keyfold.code]).toEqual([503, "database_unavailable"]);
  await way.mend();
  undo = null;
  expect((await read()).json.value).toBe(VALUE);
});

test("a connection that dies while it is idle is replaced, without a failed call", async () => {
  await read();
  await sql(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'keyfold' AND datname = current_database() AND pid <> pg_backend_pid()",
  );
  const answers = [await read(), await read(), await read()];
  expect(answers.map((answer) => answer.status)).toContain(200);
  expect((await read()).status).toBe(200);
});

test("A6: a database that is slow is a named 503 within the time-out, and reads work when it is done", async () => {
  const release = await holdLock(served, "LOCK TABLE control_plane.audit_batches IN ACCESS EXCLUSIVE MODE");
  undo = release;
  const answer = await read();
  expect([answer.status, answer.json.code]).toEqual([503, "database_slow"]);
  expect(answer.text).not.toContain("sk_test");
  await release();
  undo = null;
  expect((await read()).json.value).toBe(VALUE);
});

test("A6: a database that is full is a named 503, and nothing was changed", async () => {
  await sql(`CREATE FUNCTION public.full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file: %', NEW::text USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON control_plane.sealed_values FOR EACH ROW EXECUTE FUNCTION public.full_disk()`);
  undo = () => sql("DROP TRIGGER full_disk ON control_plane.sealed_values; DROP FUNCTION public.full_disk()");
  const answer = await write();
  expect([answer.status, answer.json.code]).toEqual([503, "database_full"]);
  expect((await read()).json).toMatchObject({ version: 1, value: VALUE });
});

test("where the audit event cannot be written, the read fails and no value leaves", async () => {
  await sql(`CREATE FUNCTION public.no_audit() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER no_audit BEFORE INSERT ON control_plane.audit_batches FOR EACH ROW EXECUTE FUNCTION public.no_audit()`);
  undo = () => sql("DROP TRIGGER no_audit ON control_plane.audit_batches; DROP FUNCTION public.no_audit()");
  for (const answer of [await read(), await served.call("/api/reveal?name=A", { token })]) {
    expect(answer.status).toBe(503);
    expect(answer.text).not.toContain("sk_test");
  }
});

test("what went wrong is in the log by name, and no driver's message is", () => {
  const log = served.lines.join("");
  expect(log).not.toContain("sk_test");
  expect(log).not.toContain("could not extend file");
});

/** Holds a lock in a transaction of its own until it is released. */
async function holdLock(house: Served, statement: string): Promise<() => Promise<void>> {
  const blocker = connect({ url: house.house.database.superuserUrl, poolSize: 1 });
  const client = await blocker.pool.connect();
  await client.query("BEGIN");
  await client.query(statement);
  return async () => {
    await client.query("ROLLBACK");
    client.release();
    await blocker.close();
  };
}
