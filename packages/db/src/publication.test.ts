import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EVERYWHERE, publicationSql, WHERE_IT_MAY_LIVE } from "./publication.ts";
import { createTestDatabase, type TestDatabase } from "./testing/index.ts";

let database: TestDatabase;
let superuser: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  superuser = new pg.Client({ connectionString: database.superuserUrl });
  await superuser.connect();
});
afterAll(async () => {
  await superuser.end();
  await database.drop();
});

/** What each region has for itself: its audit chains, its sessions and who signs in, its jobs, and what is only worked on at home. */
const LOCAL = [
  "approvals",
  "audit_batches",
  "checkpoint_heads",
  "checkpoint_logs",
  "checkpoints",
  "consumer_instances",
  "consumers",
  "federation_rules",
  "guess_counts",
  "idempotency_keys",
  "invitations",
  "job_runs",
  "key_backups",
  "key_job_tenants",
  "key_jobs",
  "mails",
  "memberships",
  "people",
  "person_challenges",
  "person_factors",
  "person_links",
  "processes",
  "region",
  "restores",
  "root_wrap_counts",
  "rotation_policies",
  "rotations",
  "sessions",
  "sign_in_failures",
  "tenant_messages",
  "tenant_roles",
  "tenant_shreds",
  "token_notes",
  "value_links",
  "webhook_deliveries",
  "webhook_endpoints",
  "webhook_health",
  "webhook_secrets",
  "value_links",
  "wrap_counts",
];

test("every table is published to a region, or stays, and somebody has said which", async () => {
  const { rows } = await superuser.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'control_plane' ORDER BY 1",
  );
  const here = rows.map(({ name }) => name);
  for (const name of [...EVERYWHERE, ...WHERE_IT_MAY_LIVE, ...LOCAL]) expect(here).toContain(name);
  const published = new Set<string>([...EVERYWHERE, ...WHERE_IT_MAY_LIVE]);
  expect(LOCAL.filter((name) => published.has(name))).toEqual([]);
  // A new table: say here which of the three it is. One that a region needs and does not get is found out by its readers.
  expect(here.filter((name) => !published.has(name) && !LOCAL.includes(name))).toEqual([]);
  // Whatever holds rows of tenants and opens with their keys is filtered by where they may live.
  for (const name of ["sealed_values", "tenant_keys", "key_wraps"]) expect(WHERE_IT_MAY_LIVE).toContain(name);
});

test("a publication holds a tenant's rows where its id says so, and those of tenants that may live anywhere", async () => {
  await superuser.query("SET client_min_messages = error");
  for (const number of [0, 1, 7]) await superuser.query(publicationSql(`keyfold_${number}`, number));
  const { rows } = await superuser.query<{ filter: string }>(
    "SELECT rowfilter AS filter FROM pg_publication_tables WHERE pubname = 'keyfold_1' AND tablename = 'key_wraps'",
  );
  const reaches = async (id: string) =>
    (await superuser.query(`SELECT ${rows[0]!.filter} AS yes FROM (SELECT $1::uuid AS tenant_id) t`, [id]))
      .rows[0].yes;
  for (const [id, yes] of [
    ["5b0f3c1e-0000-4000-8000-000000000000", true],
    ["01000000-0000-8000-8000-000000000000", false],
    ["02000000-0000-8000-8000-000000000000", true],
    ["03000000-0000-8000-8000-000000000000", true],
    ["fd000000-0000-8000-8000-000000000000", false],
  ] as const)
    expect([id, await reaches(id)]).toEqual([id, yes]);
});

test("a name or number that no statement should hold is refused", () => {
  for (const [name, number] of [
    ["keyfold us", 1],
    ["", 1],
    ["x; DROP TABLE t", 1],
    ["keyfold", 8],
    ["keyfold", -1],
    ["keyfold", 0.5],
  ] as const)
    expect(() => publicationSql(name, number)).toThrow(RangeError);
});
