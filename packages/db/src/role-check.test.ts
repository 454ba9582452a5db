import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findRoleProblems, findUnboundedStatements } from "./role-check.ts";
import { createTestDatabase, type TestDatabase } from "./testing/index.ts";

let database: TestDatabase;
let superuser: pg.Client;
let sequence = 0;
beforeAll(async () => {
  database = await createTestDatabase();
  superuser = new pg.Client({ connectionString: database.superuserUrl });
  await superuser.connect();
});
afterAll(async () => {
  await superuser.end();
  await database.drop();
});

async function problemsAt(connectionString: string): Promise<string[]> {
  const pool = new pg.Pool({ connectionString, max: 1 });
  try {
    return await findRoleProblems(pool);
  } finally {
    await pool.end();
  }
}

const MEMBERSHIPS = [
  "GRANT keyfold_tenant TO $ WITH INHERIT TRUE",
  "GRANT keyfold_deployment TO $ WITH INHERIT FALSE, SET TRUE",
];

/** What is found wrong with a login role that is made so. */
async function problemsOf(attributes: string, grants: string[]): Promise<string[]> {
  const role = `serving_${++sequence}`;
  await superuser.query(`CREATE ROLE ${role} LOGIN PASSWORD 'not a real password' ${attributes}`);
  try {
    await superuser.query(`GRANT CONNECT ON DATABASE ${database.name} TO ${role}`);
    for (const grant of grants) await superuser.query(grant.replace("$", role));
    const url = new URL(database.superuserUrl);
    url.username = role;
    url.password = "not a real password";
    return await problemsAt(url.href);
  } finally {
    await superuser.query(`DROP OWNED BY ${role}`);
    await superuser.query(`DROP ROLE ${role}`);
  }
}

test("the application's own role is in order, and so is one made like it", async () => {
  expect(await problemsAt(database.url)).toEqual([]);
  expect(await problemsOf("", MEMBERSHIPS)).toEqual([]);
});

test("a superuser is named", async () => {
  expect(await problemsOf("SUPERUSER", [])).toEqual(
    expect.arrayContaining([expect.stringMatching(/^The database role "serving_\d+" is a superuser/)]),
  );
});

test("BYPASSRLS is named", async () => {
  expect(await problemsOf("BYPASSRLS", MEMBERSHIPS)).toEqual([expect.stringContaining("has BYPASSRLS")]);
});

test("the tables' owner is named", async () => {
  expect(await problemsAt(database.ownerUrl)).toEqual(
    expect.arrayContaining([expect.stringContaining("owns Keyfold's tables")]),
  );
});

test("a member of what row-level security does not bind is named, and what it is a member of", async () => {
  const { rows } = await superuser.query(
    "SELECT r.rolname AS owner FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE c.oid = 'control_plane.secrets'::regclass",
  );
  const unbound = `unbound_${++sequence}`;
  await superuser.query(`CREATE ROLE ${unbound} BYPASSRLS`);
  for (const other of ["keyfold_definer", rows[0].owner, unbound]) {
    const grant = `GRANT ${pg.escapeIdentifier(other)} TO $ WITH INHERIT FALSE, SET FALSE`;
    const problems = await problemsOf("", [...MEMBERSHIPS, grant]);
    expect(problems.join("\n")).toContain("is a member of");
    expect(problems.join("\n")).toContain(`"${other}"`);
  }
  await superuser.query(`DROP ROLE ${unbound}`);
});

test("a missing membership is named, each", async () => {
  const [tenant, deployment] = MEMBERSHIPS as [string, string];
  expect(await problemsOf("", [deployment])).toEqual([
    expect.stringContaining("is not a member of keyfold_tenant"),
  ]);
  expect(await problemsOf("", [tenant])).toEqual([
    expect.stringContaining("may not become keyfold_deployment"),
  ]);
  // A membership that gives nothing is none.
  expect(await problemsOf("", ["GRANT keyfold_tenant TO $ WITH INHERIT FALSE", deployment])).toEqual([
    expect.stringContaining("is not a member of keyfold_tenant"),
  ]);
});

test("a server that loses what it said was stored is named", async () => {
  const inOrder = {
    name: "keyfold",
    super: false,
    bypass: false,
    owner: false,
    via: null,
    tenant: true,
    deployment: true,
    fsync: "on",
    commit: "on",
    full: "on",
  };
  const find = (row: object) =>
    findRoleProblems({ query: () => Promise.resolve({ rows: [{ ...inOrder, ...row }] }) } as never);
  expect(await find({})).toEqual([]);
  expect(await find({ fsync: "off" })).toEqual([expect.stringContaining("fsync off")]);
  expect(await find({ full: "off" })).toEqual([expect.stringContaining("full_page_writes off")]);
  expect(await find({ commit: "off" })).toEqual([expect.stringContaining("synchronous_commit is off")]);
  for (const commit of ["on", "local", "remote_write", "remote_apply"])
    expect(await find({ commit })).toEqual([]);
});

test("synchronous_commit that was switched off for the role is found", async () => {
  const problems = await problemsOf("", [...MEMBERSHIPS, "ALTER ROLE $ SET synchronous_commit = off"]);
  expect(problems).toEqual([expect.stringContaining("synchronous_commit is off")]);
});

test("a role without time-outs of its own is named, since through a pooler nobody else sets them", async () => {
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  try {
    expect(await findUnboundedStatements(pool)).toEqual([
      expect.stringMatching(/^idle_in_transaction_session_timeout is not set/),
      expect.stringMatching(/^statement_timeout is not set/),
    ]);
    await pool.query("SET statement_timeout = '10s'; SET idle_in_transaction_session_timeout = '30s'");
    expect(await findUnboundedStatements(pool)).toEqual([]);
  } finally {
    await pool.end();
  }
});
