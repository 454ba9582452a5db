import { randomUUID } from "node:crypto";
import { type Connections, connect, withTenant, withTenantSql } from "@keyfold/db";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf, refusalOf } from "../testing/refusal.ts";
import { databaseError, leavesOpen, violatedIndex } from "./database-error.ts";

/** Errors as PostgreSQL, pg and Prisma really throw them: the same failure, asked for through each door. */

let house: House;
let hurried: Connections;
let away: Connections;
let crowded: Connections;
let tenant: string;
beforeAll(async () => {
  house = await openHouse();
  tenant = (await house.tenant("acme")).id;
  hurried = connect({ url: house.database.url, poolSize: 2, statementTimeoutMs: 50 });
  const nowhere = new URL(house.database.url);
  nowhere.port = "1";
  away = connect({ url: nowhere.href, poolSize: 1, connectTimeoutMs: 2_000 });
  crowded = connect({ url: house.database.url, poolSize: 1, connectTimeoutMs: 50 });
});
afterAll(async () => {
  await Promise.all([hurried.close(), away.close(), crowded.close()]);
  await house.close();
});

async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => {
      throw new Error("nothing was thrown");
    },
    (error: unknown) => error,
  );
}

/** The code of what a statement throws: through the pool, through a transaction of pg's, and through one of Prisma's. */
async function codes(db: Connections, sql: string): Promise<(string | null)[]> {
  const errors = await Promise.all([
    thrownBy(db.pool.query(sql)),
    thrownBy(withTenantSql(db, tenant, ({ query }) => query(sql, []))),
    thrownBy(withTenant(db, tenant, ({ query }) => query(sql, []))),
  ]);
  return errors.map((error) => databaseError(error)?.code ?? null);
}

const raise = (state: string) => `DO $$ BEGIN RAISE EXCEPTION 'canary' USING ERRCODE = '${state}'; END $$`;
const thrice = (code: string | null) => [code, code, code];

test("a server that cannot be reached is database_unavailable", async () => {
  expect(await codes(away, "SELECT 1")).toEqual(thrice("database_unavailable"));
});

test("a statement that the server ended for its length is database_slow", async () => {
  expect(await codes(hurried, "SELECT pg_sleep(5)::text")).toEqual(thrice("database_slow"));
});

test("a pool that has no connection in time is a named 503, never internal", async () => {
  const client = await crowded.pool.connect();
  try {
    for (const code of await codes(crowded, "SELECT 1"))
      expect(["busy", "database_unavailable", "database_slow"]).toContain(code);
  } finally {
    client.release();
  }
});

test.each([
  ["53100", "database_full"],
  ["53200", "database_full"],
  ["58030", "database_full"],
  ["53300", "busy"],
  ["57P01", "database_unavailable"],
  ["57P03", "database_unavailable"],
  ["08006", "database_unavailable"],
  ["25006", "database_unavailable"],
  ["40001", "conflict"],
  ["40P01", "conflict"],
  ["KF409", "conflict"],
  ["KF403", "illegal_state"],
  ["23514", "illegal_state"],
  ["23503", "illegal_state"],
  ["55P03", "database_slow"],
  ["23505", "name_taken"],
  ["42501", null],
  ["XX000", null],
  ["P0001", null],
])("the state %s is %s, through pg and through Prisma alike", async (state, code) => {
  expect(await codes(house.db, raise(state))).toEqual(thrice(code));
});

test("a connection that is ended under a statement is database_unavailable, and leaves open what became of it", async () => {
  const name = `victim-${randomUUID()}`;
  const asleep = [
    house.db.pool.query(`SELECT pg_sleep(20) /* ${name} */`),
    withTenantSql(house.db, tenant, ({ query }) => query(`SELECT pg_sleep(20)::text /* ${name} */`, [])),
    withTenant(house.db, tenant, ({ query }) => query(`SELECT pg_sleep(20)::text /* ${name} */`, [])),
  ].map(thrownBy);
  const here = `FROM pg_stat_activity WHERE query LIKE '%${name}%' AND pid <> pg_backend_pid() AND query LIKE 'SELECT pg_sleep%'`;
  while ((await house.sql(`SELECT pid ${here}`)).length < 3);
  await house.sql(`SELECT pg_terminate_backend(pid) ${here}`);
  for (const error of await Promise.all(asleep))
    expect([databaseError(error)?.code, leavesOpen(error)]).toEqual(["database_unavailable", true]);
});

test("so is one that is cut or garbled on its way; one that was never made leaves nothing open", () => {
  const failed = (code: string, syscall?: string) =>
    Object.assign(new Error("canary"), { code, ...(syscall === undefined ? {} : { syscall }) });
  // The first is what Node says of TLS of which somebody on the way has changed a byte.
  for (const code of ["ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "EPROTO", "ECONNABORTED", "ECONNRESET"])
    expect([databaseError(failed(code))?.code, leavesOpen(failed(code)), code]).toEqual([
      "database_unavailable",
      true,
      code,
    ]);
  for (const code of ["EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "ETIMEDOUT"])
    for (const syscall of ["read", "write", "connect"])
      expect([databaseError(failed(code, syscall))?.code, leavesOpen(failed(code, syscall)), code]).toEqual([
        "database_unavailable",
        syscall !== "connect",
        code,
      ]);
});

test("what could not be sent, and what the server refused, leaves nothing open; a commit that it refuses neither", async () => {
  const errors = [
    await thrownBy(away.pool.query("SELECT 1")),
    await thrownBy(hurried.pool.query("SELECT pg_sleep(5)::text")),
    await thrownBy(house.db.pool.query(raise("53100"))),
    await thrownBy(house.db.pool.query(raise("57P03"))),
    new Error("Connection terminated due to connection timeout"),
    new Error("plain"),
    null,
  ];
  await house.sql(`CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'canary' USING ERRCODE = '23514'; END $$;
    CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON control_plane.tenants DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION public.refuse()`);
  const update = "UPDATE control_plane.tenants SET generation = generation + 1";
  for (const door of [withTenantSql, withTenant])
    errors.push(
      await thrownBy(
        door(house.db, tenant, async ({ query }) => {
          await query(update, []);
        }),
      ),
    );
  await house.sql("DROP TRIGGER refuse ON control_plane.tenants; DROP FUNCTION public.refuse()");
  expect(errors.slice(-2).map((error) => databaseError(error)?.code)).toEqual([
    "illegal_state",
    "illegal_state",
  ]);
  expect(errors.map(leavesOpen)).toEqual(errors.map(() => false));
});

test("a taken name is told from its index, through pg and through Prisma", async () => {
  const insert =
    "INSERT INTO control_plane.projects SELECT tenant_id, gen_random_uuid(), name, created_at, created_by, NULL, 1, mac FROM control_plane.projects WHERE name = 'default'";
  const byPg = await thrownBy(withTenantSql(house.db, tenant, ({ query }) => query(insert, [])));
  const byPrisma = await thrownBy(withTenant(house.db, tenant, ({ query }) => query(insert, [])));
  const byModel = await thrownBy(
    withTenant(house.db, tenant, async ({ sql }) => {
      const row = await sql.project.findFirstOrThrow({ where: { name: "default" } });
      await sql.project.create({ data: { ...row, createdBy: row.createdBy as object, id: randomUUID() } });
    }),
  );
  for (const error of [byPg, byPrisma, byModel]) {
    expect(databaseError(error)?.code).toBe("name_taken");
    expect(violatedIndex(error)).toBe("projects_live_name");
  }
  expect(violatedIndex(await thrownBy(house.db.pool.query("SELECT 1/0")))).toBeNull();
});

test("what is no error of a database's is none of ours", () => {
  for (const error of [
    null,
    undefined,
    "text",
    new Error("plain"),
    new TypeError("x"),
    { code: 7 },
    { code: "ERR_INVALID_ARG" },
  ])
    expect(databaseError(error)).toBeNull();
});

test("a driver's words never travel with our error, not even as its cause", async () => {
  const error = databaseError(await thrownBy(house.db.pool.query(raise("23514"))))!;
  const text = [
    error.message,
    error.stack,
    String(error.cause),
    (error.cause as Error).stack,
    JSON.stringify(error),
    JSON.stringify(error.cause),
  ].join("\n");
  expect(text).not.toContain("canary");
  expect(error.cause).toMatchObject({ code: "23514" });
});

test("calls while the database is away get a named 503, and the next ones work", async () => {
  const server = await house.another({ readCache: false });
  const broken = connect({
    url: house.database.url.replace(/:(\d+)\//, ":1/"),
    poolSize: 1,
    connectTimeoutMs: 2_000,
  });
  const real = { pool: house.db.pool, prisma: house.db.prisma };
  const db = house.db as { pool: unknown; prisma: unknown };
  const operator = house.as(house.operatorToken);
  try {
    Object.assign(db, { pool: broken.pool, prisma: broken.prisma });
    expect(await codeOf(operator.tenants.list({}))).toBe("database_unavailable");
    expect(await codeOf(operator.tenants.create({ slug: "while-away" }))).toBe("database_unavailable");
  } finally {
    Object.assign(db, real);
    await broken.close();
  }
  expect(await codeOf(operator.tenants.list({}))).toBe("allowed");
  expect(server.deployment.id).toBe(house.server.deployment.id);
  const refusal = await refusalOf(operator.tenants.get({ tenant: "none" }));
  expect(refusal.code).toBe("not_found");
});
