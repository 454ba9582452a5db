import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Connections, connect } from "./client.ts";
import { createTestDatabase, type TestDatabase } from "./testing/index.ts";
import { type Query, withDeployment, withTenant, withTenantSql } from "./transaction.ts";

let database: TestDatabase;
let db: Connections;
let superuser: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connect({ url: database.url, poolSize: 2 });
  superuser = new pg.Client({ connectionString: database.superuserUrl });
  await superuser.connect();
});
afterAll(async () => {
  await db.close();
  await superuser.end();
  await database.drop();
});

const DOORS = {
  withTenant: <T>(tenant: string, work: (tx: { query: Query; now: Date }) => Promise<T>) =>
    withTenant(db, tenant, work),
  withTenantSql: <T>(tenant: string, work: (tx: { query: Query; now: Date }) => Promise<T>) =>
    withTenantSql(db, tenant, work),
  "withTenantSql, pipelined,": <T>(tenant: string, work: (tx: { query: Query; now: Date }) => Promise<T>) =>
    withTenantSql(db, tenant, work, { pipelined: true }),
};

const setting = "SELECT current_setting('keyfold.tenant', true) AS tenant, current_user AS who";
const mac = Buffer.alloc(32);
const insert = (query: Query, id: string) =>
  query("INSERT INTO control_plane.tenants VALUES ($1::uuid, $2, 'n', now(), '{}', NULL, NULL, 1, $3)", [
    id,
    `t-${id.slice(0, 8)}`,
    mac,
  ]);
const stored = async (id: string) =>
  (await superuser.query("SELECT 1 FROM control_plane.tenants WHERE id = $1", [id])).rows.length;

test.each(Object.entries(DOORS))(
  "%s sets the tenant for its transaction, and leaves nothing on the connection",
  async (_, door) => {
    const tenant = randomUUID();
    expect(await door(tenant, ({ query }) => query(setting, []))).toEqual([{ tenant, who: "keyfold" }]);
    for (let i = 0; i < 4; i++) expect((await db.pool.query(setting)).rows[0].tenant || "").toBe("");
  },
);

test.each(Object.entries(DOORS))(
  "%s commits what was done, and undoes it when the work throws",
  async (_, door) => {
    const [kept, undone] = [randomUUID(), randomUUID()];
    await door(kept, ({ query }) => insert(query, kept));
    const failed = new Error("the work's own");
    await expect(
      door(undone, async ({ query }) => {
        await insert(query, undone);
        throw failed;
      }),
    ).rejects.toBe(failed);
    expect([await stored(kept), await stored(undone)]).toEqual([1, 0]);
  },
);

test.each(Object.entries(DOORS))("%s takes a lower-case UUID and nothing else", async (_, door) => {
  for (const id of [
    "",
    "x",
    randomUUID().toUpperCase(),
    `${randomUUID()}'; DROP TABLE x; --`,
    `${randomUUID()}\n`,
  ])
    await expect(door(id, () => Promise.resolve())).rejects.toThrow(RangeError);
});

test.each(Object.entries(DOORS))("%s tells the database's clock in whole milliseconds", async (_, door) => {
  const now = await door(randomUUID(), (tx) => Promise.resolve(tx.now));
  expect(now).toBeInstanceOf(Date);
  const [row] = (await superuser.query("SELECT control_plane.clock() AS now")).rows;
  expect(row.now.getTime() - now.getTime()).toBeGreaterThanOrEqual(0);
});

test("many at once each see their own tenant", async () => {
  const tenants = Array.from({ length: 20 }, () => randomUUID());
  const seen = await Promise.all(
    tenants.map((tenant, i) =>
      (i % 2 === 0 ? DOORS.withTenant : DOORS.withTenantSql)(tenant, ({ query }) => query(setting, [])),
    ),
  );
  expect(seen.flat().map((row) => (row as { tenant: string }).tenant)).toEqual(tenants);
});

test("work that swallowed a failed statement is not taken for done", async () => {
  const id = randomUUID();
  await expect(
    withTenantSql(db, id, async ({ query }) => {
      await insert(query, id);
      await query("SELECT 1 / 0", []).catch(() => {});
    }),
  ).rejects.toThrow("rolled back at its commit");
  expect(await stored(id)).toBe(0);
});

test("a connection that dies while its transaction does something else ends that call, and not the process", async () => {
  const failure = withTenantSql(db, randomUUID(), async ({ query }) => {
    const [row] = await query<{ pid: number }>("SELECT pg_backend_pid() AS pid", []);
    const gone = new Promise<void>((resolve) => db.pool.once("remove", () => resolve()));
    await superuser.query("SELECT pg_terminate_backend($1, 5000)", [row!.pid]);
    // Nothing is asked of the connection when it dies: only a listener hears of it.
    await Promise.race([gone, new Promise((resolve) => setImmediate(() => setImmediate(resolve)))]);
    await query("SELECT 1", []);
  });
  await expect(failure).rejects.toThrow();
  expect((await db.pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});

test("the deployment's role lasts for its transaction only, and sees no tenant's rows", async () => {
  const who = await withDeployment(db, ({ query }) => query("SELECT current_user AS who", []));
  expect(who).toEqual([{ who: "keyfold_deployment" }]);
  for (let i = 0; i < 4; i++) expect((await db.pool.query(setting)).rows[0].who).toBe("keyfold");
  await expect(
    withDeployment(db, ({ query }) => query("SELECT 1 FROM control_plane.secrets", [])),
  ).rejects.toThrow();
});

test("a statement that runs too long is ended by the server, and the connection serves on", async () => {
  const hurried = connect({ url: database.url, poolSize: 1, statementTimeoutMs: 50 });
  try {
    await expect(hurried.pool.query("SELECT pg_sleep(5)")).rejects.toMatchObject({ code: "57014" });
    await expect(
      withTenantSql(hurried, randomUUID(), ({ query }) => query("SELECT pg_sleep(5)", [])),
    ).rejects.toMatchObject({ code: "57014" });
    expect((await hurried.pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  } finally {
    await hurried.close();
  }
});

test("undefined in a filter is an error of Prisma's, and no filter that matches all", async () => {
  await expect(
    withTenant(db, randomUUID(), ({ sql }) => sql.tenant.findMany({ where: { id: undefined as never } })),
  ).rejects.toThrow(/undefined/i);
});

test("pipelined statements are done in the order in which they were asked, and one that fails undoes all", async () => {
  const tenant = randomUUID();
  const answers = await withTenantSql(
    db,
    tenant,
    ({ query }) =>
      Promise.all([
        insert(query, tenant),
        query(
          "UPDATE control_plane.tenants SET name = 'second', generation = 2 WHERE id = $1::uuid RETURNING name",
          [tenant],
        ),
        query("SELECT name FROM control_plane.tenants WHERE id = $1::uuid", [tenant]),
      ]),
    { pipelined: true },
  );
  expect(answers.slice(1)).toEqual([[{ name: "second" }], [{ name: "second" }]]);
  const undone = randomUUID();
  const failing = withTenantSql(
    db,
    undone,
    async ({ query }) => {
      const all = [insert(query, undone), query("SELECT 1 / $1::int", [0]), query(setting, [])];
      for (const one of await Promise.allSettled(all)) if (one.status === "rejected") throw one.reason;
    },
    { pipelined: true },
  );
  await expect(failing).rejects.toMatchObject({ code: "22012" });
  expect(await stored(undone)).toBe(0);
  for (let i = 0; i < 4; i++) expect((await db.pool.query(setting)).rows[0].tenant || "").toBe("");
});

test("what is asked of a transaction that is over is refused, and not done outside of it", async () => {
  const tenant = randomUUID();
  let kept: Query | undefined;
  await withTenantSql(db, tenant, async ({ query }) => {
    kept = query;
  });
  await expect(insert(kept!, tenant)).rejects.toThrow("the transaction is over");
  expect(await stored(tenant)).toBe(0);
});

test("regression: what a connection says while nobody listens to it ended the process", async () => {
  const client = await db.pool.connect();
  const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
  const ended = new Promise((resolve) => client.once("end", resolve as () => void));
  await superuser.query("SELECT pg_terminate_backend($1)", [rows[0].pid]);
  await ended;
  client.release();
  expect((await db.pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});
