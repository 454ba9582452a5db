import { createHash, randomBytes, randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "./testing/index.ts";

/*
 * What the database itself refuses, asked in plain SQL by the application's role: the second wall, which stands when the
 * code before it has a hole.
 */

let database: TestDatabase;
let app: pg.Client;
let owner: pg.Client;
let superuser: pg.Client;
const tenants = [randomUUID(), randomUUID()] as const;
const [mine, theirs] = tenants;

const bytes = (n = 32) => randomBytes(n);
const by = JSON.stringify({ type: "operator", id: randomUUID(), name: "test" });

beforeAll(async () => {
  database = await createTestDatabase();
  [app, owner, superuser] = (await Promise.all(
    [database.url, database.ownerUrl, database.superuserUrl].map(async (connectionString) => {
      const client = new pg.Client({ connectionString });
      await client.connect();
      return client;
    }),
  )) as [pg.Client, pg.Client, pg.Client];
  await superuser.query("INSERT INTO control_plane.deployments (id) VALUES ($1)", [randomUUID()]);
  for (const tenant of tenants) await furnish(tenant);
});
afterAll(async () => {
  await Promise.all([app.end(), owner.end(), superuser.end()]);
  await database.drop();
});

interface Furnished {
  project: string;
  environment: string;
  secret: string;
  token: string;
}
const furnished = new Map<string, Furnished>();

/** One row in every table of a tenant's. */
async function furnish(tenant: string): Promise<void> {
  const ids = { project: randomUUID(), environment: randomUUID(), secret: randomUUID(), token: randomUUID() };
  furnished.set(tenant, ids);
  await as(tenant, async () => {
    await app.query("INSERT INTO control_plane.tenants VALUES ($1, $2, 'n', now(), $3, NULL, NULL, 1, $4)", [
      tenant,
      `t-${tenant.slice(0, 8)}`,
      by,
      bytes(),
    ]);
    await app.query("INSERT INTO control_plane.projects VALUES ($1, $2, 'p', now(), $3, NULL, 1, $4)", [
      tenant,
      ids.project,
      by,
      bytes(),
    ]);
    await app.query(
      "INSERT INTO control_plane.environments VALUES ($1, $2, $3, 'e', now(), $4, NULL, 1, $5)",
      [tenant, ids.environment, ids.project, by, bytes()],
    );
    for (const purpose of ["value", "digest"])
      await app.query("INSERT INTO control_plane.tenant_keys VALUES ($1, $2, 1, $3, now(), 1, $3)", [
        tenant,
        purpose,
        bytes(),
      ]);
    await app.query("INSERT INTO control_plane.wrap_counts VALUES ($1, 'value', 1, 4)", [tenant]);
    await addSecret(tenant, ids.secret, "S");
    await app.query(
      "INSERT INTO control_plane.key_wraps VALUES ($1, 'value', 1, 'o', 'local', 1, $2, now(), 1, $2)",
      [tenant, bytes()],
    );
    await app.query(
      "INSERT INTO control_plane.service_tokens VALUES ($1, $2, 'n', $3, 'abcd', '{}', NULL, NULL, now(), $4, 1, $3)",
      [tenant, ids.token, bytes(), by],
    );
    await app.query("INSERT INTO control_plane.token_notes VALUES ($1, $2, now(), '203.0.113.9', NULL)", [
      tenant,
      ids.token,
    ]);
    await app.query(
      `INSERT INTO control_plane.federation_rules VALUES
         ($1, $2, 'ci', 'https://issuer.example.com', 'keyfold', '{}', '{}', '{}', 900, NULL, NULL, NULL, NULL, now(), $3, NULL, 1, $4)`,
      [tenant, randomUUID(), by, bytes()],
    );
    await app.query(
      `INSERT INTO control_plane.tenant_shreds (tenant_id, id, state, slug, reason, wait_seconds, requested_by, requested_at, generation, mac)
         VALUES ($1, $2, 'requested', 's', 'r', 60, $3, now(), 1, $4)`,
      [tenant, randomUUID(), by, bytes()],
    );
    await app.query("INSERT INTO control_plane.idempotency_keys VALUES ($1, $2, $2, '{}', now())", [
      tenant,
      bytes(),
    ]);
    await appendEvent(tenant);
    await app.query(
      "INSERT INTO control_plane.tenant_messages VALUES ($1, 1, 1, $2, 'secret.created', NULL, NULL, NULL, NULL, '{}', now())",
      [tenant, randomUUID()],
    );
    await app.query(
      "INSERT INTO control_plane.consumers VALUES ($1, $2, 'billing', 'worker', NULL, NULL, now(), now(), 1)",
      [tenant, ids.secret],
    );
    await app.query(
      "INSERT INTO control_plane.consumer_instances VALUES ($1, $2, 'billing', 'pod-1', 1, now(), NULL, NULL, now())",
      [tenant, ids.secret],
    );
    const endpoint = randomUUID();
    await app.query(
      `INSERT INTO control_plane.webhook_endpoints VALUES
         ($1, $2, 'https://a.example.com/', '', '{}', '{}', NULL, NULL, NULL, 1, NULL, now(), $3, now(), NULL, 1, $4)`,
      [tenant, endpoint, by, bytes()],
    );
    await app.query("INSERT INTO control_plane.webhook_secrets VALUES ($1, $2, 1, 1, $3, $3, now())", [
      tenant,
      endpoint,
      bytes(),
    ]);
    await app.query(
      "INSERT INTO control_plane.webhook_deliveries VALUES ($1, 1, 1, $2, 'waiting', 0, now(), NULL, '[]', now(), NULL)",
      [tenant, endpoint],
    );
    await app.query("INSERT INTO control_plane.webhook_health VALUES ($1, $2, NULL, 0, NULL)", [
      tenant,
      endpoint,
    ]);
    await app.query(
      `INSERT INTO control_plane.approvals VALUES
         ($1, $2, 'change', $2, $2, 'S', 'r', $2, $3, now(), 'requested', NULL, NULL, now(), 1, $4)`,
      [tenant, randomUUID(), by, bytes()],
    );
    await app.query(
      "INSERT INTO control_plane.tenant_roles VALUES ($1, $2, 'r', '', '[]', now(), $3, now(), NULL, 1, $4)",
      [tenant, randomUUID(), by, bytes()],
    );
    await app.query(
      "INSERT INTO control_plane.invitations VALUES ($1, $2, $3, 'a@example.com', '[]', now(), NULL, NULL, now(), $4, 1, $3)",
      [tenant, randomUUID(), bytes(), by],
    );
    await app.query(
      `INSERT INTO control_plane.value_links (tenant_id, id, kind, digest, label, note, origins, write_only, agreed, encoding, expires_at,
           created_at, created_by, generation, mac)
         VALUES ($1, $2, 'request', $3, 'l', '', '[]', true, false, 'utf8', now(), now(), $4, 1, $3)`,
      [tenant, randomUUID(), bytes(), by],
    );
    await app.query(
      "INSERT INTO control_plane.memberships VALUES ($1, $2, 'm', '[]', now(), $3, now(), NULL, 1, $4)",
      [tenant, randomUUID(), by, bytes()],
    );
    await app.query(
      "INSERT INTO control_plane.rotation_policies VALUES ($1, $2, NULL, false, NULL, 'uuid', '{}', NULL, now(), NULL, NULL, 0, now(), $3, 1, $4)",
      [tenant, ids.secret, by, bytes()],
    );
    await app.query(
      "INSERT INTO control_plane.rotations VALUES ($1, $2, $3, NULL, 'uuid', '{}', 'make', NULL, NULL, NULL, NULL, 0, NULL, $4, now(), now(), now(), NULL, NULL, 1, $5, NULL, NULL)",
      [tenant, randomUUID(), ids.secret, by, bytes()],
    );
  });
}

async function addSecret(tenant: string, secret: string, name: string): Promise<void> {
  const { project, environment } = furnished.get(tenant)!;
  await app.query(
    `INSERT INTO control_plane.secrets (tenant_id, id, project_id, environment_id, name, description, tags, state, current_version,
       created_at, created_by, updated_at, generation, mac) VALUES ($1, $2, $3, $4, $5, '', '{}', 'live', 1, now(), $6, now(), 1, $7)`,
    [tenant, secret, project, environment, name, by, bytes()],
  );
  await addVersion(tenant, secret, 1, "current");
}

async function addVersion(tenant: string, secret: string, number: number, state: string): Promise<void> {
  await app.query(
    `INSERT INTO control_plane.versions (tenant_id, secret_id, number, state, encoding, created_at, created_by, generation, mac, open_until)
       VALUES ($1, $2, $3, $4, 'utf8', now(), $5, 1, $6, now())`,
    [tenant, secret, number, state, by, bytes()],
  );
  await app.query("INSERT INTO control_plane.sealed_values VALUES ($1, $2, $3, 1, $4, $5, $6, NULL, 1)", [
    tenant,
    secret,
    number,
    bytes(64),
    bytes(48),
    bytes(),
  ]);
}

const appendEvent = (chain: string, client = app) =>
  client.query("SELECT control_plane.append_events($1, $2, 1, $3, $3, $4)", [
    chain,
    randomUUID(),
    bytes(),
    bytes(8),
  ]);

/** Runs as the application's role with this tenant set, and commits. */
async function as(tenant: string | null, work: () => Promise<void>): Promise<void> {
  await app.query("BEGIN");
  try {
    if (tenant !== null) await app.query("SELECT set_config('keyfold.tenant', $1, true)", [tenant]);
    await work();
    await app.query("COMMIT");
  } catch (error) {
    await app.query("ROLLBACK");
    throw error;
  }
}

/** The SQLSTATE that a statement ends with (at its commit at the latest), or "done". Nothing of it stays. */
async function state(tenant: string | null, sql: string, params: unknown[] = []): Promise<string> {
  await app.query("BEGIN");
  try {
    if (tenant !== null) await app.query("SELECT set_config('keyfold.tenant', $1, true)", [tenant]);
    const { rowCount } = await app.query(sql, params);
    await app.query("SET CONSTRAINTS ALL IMMEDIATE");
    return rowCount === 0 ? "no row" : "done";
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await app.query("ROLLBACK");
  }
}

const TENANT_TABLES = {
  tenants: "id",
  projects: "tenant_id",
  environments: "tenant_id",
  secrets: "tenant_id",
  versions: "tenant_id",
  sealed_values: "tenant_id",
  tenant_keys: "tenant_id",
  key_wraps: "tenant_id",
  service_tokens: "tenant_id",
  token_notes: "tenant_id",
  federation_rules: "tenant_id",
  idempotency_keys: "tenant_id",
  tenant_messages: "tenant_id",
  tenant_shreds: "tenant_id",
  consumers: "tenant_id",
  consumer_instances: "tenant_id",
  webhook_endpoints: "tenant_id",
  webhook_secrets: "tenant_id",
  wrap_counts: "tenant_id",
  webhook_deliveries: "tenant_id",
  webhook_health: "tenant_id",
  rotation_policies: "tenant_id",
  tenant_roles: "tenant_id",
  approvals: "tenant_id",
  memberships: "tenant_id",
  invitations: "tenant_id",
  value_links: "tenant_id",
  rotations: "tenant_id",
  audit_batches: "chain_id",
};
const DEPLOYMENT_TABLES = [
  "deployments",
  "root_keys",
  "deployment_keys",
  "deployment_key_wraps",
  "operator_tokens",
  "sessions",
  "key_jobs",
  "key_backups",
  "region",
  "restores",
  "checkpoint_logs",
  "checkpoints",
  "checkpoint_heads",
  "job_runs",
  "processes",
  "key_job_tenants",
  "root_wrap_counts",
  "guess_counts",
  "people",
  "person_factors",
  "person_links",
  "person_challenges",
  "sign_in_failures",
  "mails",
];

test("these are all the tables there are, and every one has forced row-level security and a policy", async () => {
  const { rows } = await superuser.query(
    `SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,
            EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS policy
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'control_plane' AND c.relkind IN ('r', 'p', 'v', 'm')
       ORDER BY 1`,
  );
  expect(rows).toEqual(
    [...Object.keys(TENANT_TABLES), ...DEPLOYMENT_TABLES]
      .sort()
      .map((name) => ({ name, forced: true, policy: true })),
  );
});

test("the job queue's tables are the deployment's: out of sight until its role is taken, and nobody who serves makes any", async () => {
  const { rows } = await superuser.query(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'keyfold_jobs'::regnamespace AND relkind IN ('r', 'p')",
  );
  expect(rows.length).toBeGreaterThan(5);
  for (const { name } of rows) expect(await state(mine, `SELECT 1 FROM keyfold_jobs.${name}`)).toBe("42501");
  await app.query("BEGIN; SET LOCAL ROLE keyfold_deployment");
  await app.query("SELECT 1 FROM keyfold_jobs.job");
  await expect(app.query("CREATE TABLE keyfold_jobs.mine ()")).rejects.toMatchObject({ code: "42501" });
  await app.query("ROLLBACK");
  const functions = await superuser.query(
    "SELECT proname AS name FROM pg_proc WHERE pronamespace = 'keyfold_jobs'::regnamespace AND (prosecdef OR has_function_privilege('public', oid, 'EXECUTE'))",
  );
  expect(functions.rows).toEqual([]);
});

test.each(Object.keys(TENANT_TABLES))(
  "%s shows no row without a tenant, and to a tenant its own only",
  async (table) => {
    const column = TENANT_TABLES[table as keyof typeof TENANT_TABLES];
    const count = async (tenant: string | null) => {
      await app.query("BEGIN");
      if (tenant !== null) await app.query("SELECT set_config('keyfold.tenant', $1, true)", [tenant]);
      const { rows } = await app.query(`SELECT DISTINCT ${column} AS id FROM control_plane.${table}`);
      await app.query("ROLLBACK");
      return rows.map((r) => r.id);
    };
    expect(await count(null)).toEqual([]);
    expect(await count("")).toEqual([]);
    expect(await count(randomUUID())).toEqual([]);
    for (const tenant of tenants) expect(await count(tenant)).toEqual([tenant]);
    // The owner is bound too.
    expect((await owner.query(`SELECT 1 FROM control_plane.${table}`)).rows).toEqual([]);
  },
);

test("a tenant's rows are neither written, changed nor moved by another", async () => {
  const { project } = furnished.get(theirs)!;
  for (const table of [
    "tenants",
    "projects",
    "environments",
    "secrets",
    "versions",
    "sealed_values",
    "tenant_keys",
    "key_wraps",
    "service_tokens",
    "federation_rules",
    "tenant_shreds",
    "rotation_policies",
    "rotations",
    "tenant_roles",
    "memberships",
    "invitations",
    "value_links",
    "approvals",
  ]) {
    const column = TENANT_TABLES[table as keyof typeof TENANT_TABLES];
    expect(
      await state(
        mine,
        `UPDATE control_plane.${table} SET generation = generation + 1 WHERE ${column} = $1`,
        [theirs],
      ),
      table,
    ).toBe("no row");
  }
  expect(await state(mine, "DELETE FROM control_plane.idempotency_keys WHERE tenant_id = $1", [theirs])).toBe(
    "no row",
  );
  const insert = "INSERT INTO control_plane.projects VALUES ($1, $2, 'q', now(), $3, NULL, 1, $4)";
  expect(await state(mine, insert, [theirs, randomUUID(), by, bytes()])).toBe("42501");
  expect(await state(null, insert, [mine, randomUUID(), by, bytes()])).toBe("42501");
  expect(await state(mine, insert, [mine, randomUUID(), by, bytes()])).toBe("done");
  expect(
    await state(
      mine,
      "UPDATE control_plane.projects SET tenant_id = $1, generation = 2 WHERE tenant_id = $2",
      [theirs, mine],
    ),
  ).not.toBe("done");
  expect(
    await state(
      mine,
      "INSERT INTO control_plane.environments VALUES ($1, $2, $3, 'x', now(), $4, NULL, 1, $5)",
      [mine, randomUUID(), project, by, bytes()],
    ),
  ).toBe("23503");
});

/** What the application may forget: answers to repeated calls, and who reads what. */
const FORGETTABLE = new Set(["idempotency_keys", "consumers", "consumer_instances"]);

test("the application deletes no row of a tenant's that matters, and truncates nothing", async () => {
  for (const table of [...Object.keys(TENANT_TABLES), ...DEPLOYMENT_TABLES]) {
    if (!FORGETTABLE.has(table))
      expect(await state(mine, `DELETE FROM control_plane.${table}`), table).toBe("42501");
    expect(await state(mine, `TRUNCATE control_plane.${table} CASCADE`), table).toBe("42501");
  }
});

test("the deployment's tables are out of sight until the role is taken, and the tenants' are after", async () => {
  for (const table of DEPLOYMENT_TABLES) {
    expect(await state(mine, `SELECT 1 FROM control_plane.${table}`), table).toBe("42501");
    await app.query("BEGIN; SET LOCAL ROLE keyfold_deployment");
    await app.query(`SELECT 1 FROM control_plane.${table}`);
    await app.query("ROLLBACK");
  }
  for (const table of Object.keys(TENANT_TABLES)) {
    await app.query("BEGIN; SET LOCAL ROLE keyfold_deployment");
    await expect(app.query(`SELECT 1 FROM control_plane.${table}`), table).rejects.toMatchObject({
      code: "42501",
    });
    await app.query("ROLLBACK");
  }
});

test("the application becomes neither the definer, nor the owner, nor a superuser", async () => {
  const { rows } = await owner.query("SELECT current_user AS owner");
  for (const role of [
    "keyfold_definer",
    "keyfold_backup",
    rows[0].owner,
    "postgres",
    "pg_read_all_data",
    "pg_execute_server_program",
  ])
    expect(await state(null, `SET LOCAL ROLE ${pg.escapeIdentifier(role)}`), role).toBe("42501");
  expect(await state(null, "SET LOCAL session_replication_role = replica")).toBe("42501");
  await app.query("BEGIN; SET LOCAL row_security = off");
  await expect(app.query("SELECT 1 FROM control_plane.secrets")).rejects.toMatchObject({ code: "42501" });
  await app.query("ROLLBACK");
  expect(await state(null, "ALTER TABLE control_plane.secrets DISABLE ROW LEVEL SECURITY")).toBe("42501");
  expect(await state(null, "DROP TRIGGER version_moves ON control_plane.versions")).toBe("42501");
  expect(await state(null, "CREATE TABLE control_plane.mine ()")).toBe("42501");
});

test("functions that look across tenants belong to the definer, pin their search path, and are not for everyone", async () => {
  const { rows } = await superuser.query(
    `SELECT p.proname AS name, r.rolname AS owner, p.prosecdef AS definer, p.proconfig AS config, p.provolatile AS volatility,
            has_function_privilege('public', p.oid, 'EXECUTE') AS everyone
       FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'control_plane'`,
  );
  for (const row of rows) {
    if (row.definer)
      expect(row, row.name).toMatchObject({
        owner: "keyfold_definer",
        config: expect.arrayContaining(['search_path=""']),
      });
    // What only computes may be the definer's, and touches nothing with anybody's rights.
    else if (row.volatility !== "i") expect(row.owner, row.name).not.toBe("keyfold_definer");
    expect(row.everyone, row.name).toBe(false);
  }
  expect(rows.filter((row) => row.definer).length).toBeGreaterThan(5);
  for (const call of [
    `purge_tenant('${mine}')`,
    `destroy_tenant_keys('${mine}')`,
    `shred_tenant_keys('${mine}', '${mine}')`,
    `erase_sealed_values('${mine}', 1)`,
    "shreds_due(1)",
    "list_tenants('', '00000000-0000-0000-0000-000000000000', 10, true)",
  ])
    expect(await state(mine, `SELECT control_plane.${call}`), call).toBe("42501");
});

test("an audit batch is neither changed, deleted nor truncated, by the application nor by the owner", async () => {
  expect(await state(mine, "UPDATE control_plane.audit_batches SET bodies = NULL")).toBe("42501");
  expect(await state(mine, "DELETE FROM control_plane.audit_batches")).toBe("42501");
  expect(
    await state(
      mine,
      "INSERT INTO control_plane.audit_batches SELECT chain_id, number + 1, gen_random_uuid(), first_seq + 1, count, epoch, prev_hash, root, hash, leaves, bodies, now() FROM control_plane.audit_batches",
    ),
  ).toBe("42501");
  await expect(owner.query("TRUNCATE control_plane.audit_batches")).rejects.toMatchObject({ code: "KF403" });
  // Even where no policy binds, the triggers do.
  for (const sql of [
    "UPDATE control_plane.audit_batches SET epoch = epoch + 1",
    "UPDATE control_plane.audit_batches SET bodies = 'x'",
    "UPDATE control_plane.audit_batches SET bodies = NULL, number = number + 1",
    "DELETE FROM control_plane.audit_batches",
  ])
    await expect(superuser.query(sql), sql).rejects.toMatchObject({ code: "KF403" });
});

test("a batch whose hash, leaves or number do not fit is refused", async () => {
  expect(
    await state(mine, "SELECT control_plane.append_events($1, $2, 2, $3, $3, NULL)", [
      mine,
      randomUUID(),
      bytes(),
    ]),
  ).toBe("23514");
  expect(
    await state(mine, "SELECT control_plane.append_events($1, $2, 0, $3, $4, NULL)", [
      mine,
      randomUUID(),
      bytes(),
      Buffer.alloc(0),
    ]),
  ).toBe("23514");
  expect(
    await state(mine, "SELECT control_plane.append_events($1, $2, 1, $3, $4, NULL)", [
      mine,
      randomUUID(),
      bytes(31),
      bytes(),
    ]),
  ).toBe("23514");
});

test("a batch that does not fit together is refused whoever writes it", async () => {
  const chain = randomUUID();
  const [prev, root] = [bytes(), bytes()];
  const whole: Record<string, unknown> = {
    chain_id: chain,
    number: 1,
    batch_id: randomUUID(),
    first_seq: 1,
    count: 2,
    epoch: 0,
    prev_hash: prev,
    root,
    hash: createHash("sha256").update(prev).update(root).digest(),
    leaves: bytes(64),
    bodies: null,
    created_at: new Date(),
  };
  const write = (row: Record<string, unknown>) =>
    superuser.query(
      `INSERT INTO control_plane.audit_batches (${Object.keys(row)}) VALUES (${Object.keys(row).map((_, i) => `$${i + 1}`)})`,
      Object.values(row),
    );
  const wrong: Record<string, unknown> = {
    number: 0,
    first_seq: 0,
    count: 0,
    epoch: -1,
    prev_hash: bytes(31),
    root: bytes(33),
    hash: bytes(),
    leaves: bytes(63),
  };
  await superuser.query("BEGIN; SET LOCAL session_replication_role = replica");
  await expect(write({ ...whole, ...wrong }), "as a replication writes").rejects.toMatchObject({
    code: "23514",
  });
  await superuser.query("ROLLBACK");
  const change = "UPDATE control_plane.audit_batches SET leaves = leaves || leaves";
  await superuser.query("BEGIN; SET LOCAL session_replication_role = replica");
  await expect(superuser.query(change)).rejects.toMatchObject({ code: "23514" });
  await superuser.query("ROLLBACK");
  for (const [field, value] of Object.entries(wrong))
    await expect(write({ ...whole, [field]: value }), field).rejects.toMatchObject({ code: "23514" });
  for (const field of Object.keys(whole))
    if (field !== "bodies")
      await expect(write({ ...whole, [field]: null }), field).rejects.toMatchObject({
        code: expect.stringMatching(/^23(514|502)$/),
      });
  await write(whole);
});

/** A secret of its own for one test. */
async function fresh(versions = 1): Promise<string> {
  const id = randomUUID();
  await as(mine, () => addSecret(mine, id, `S-${id}`));
  for (let n = 2; n <= versions; n++)
    await as(mine, async () => {
      await app.query(
        "UPDATE control_plane.versions SET state = 'grace', generation = generation + 1 WHERE secret_id = $1 AND state = 'current'",
        [id],
      );
      await addVersion(mine, id, n, "current");
      await app.query(
        "UPDATE control_plane.secrets SET current_version = $2, generation = generation + 1 WHERE id = $1",
        [id, n],
      );
    });
  return id;
}

const move = (id: string, number: number, set: string) =>
  state(
    mine,
    `UPDATE control_plane.versions SET ${set}, generation = generation + 1 WHERE secret_id = $1 AND number = $2`,
    [id, number],
  );

test("a version is immutable, whatever of it is changed", async () => {
  const id = await fresh(2);
  for (const set of [
    "number = 7",
    "reason = 'x'",
    "encoding = 'base64'",
    "rotated_from = NULL, created_at = now() - interval '1 day'",
    "created_by = '{}'",
    "secret_id = gen_random_uuid()",
  ])
    expect(await move(id, 1, set), set).toBe("KF403");
});

test("a version takes legal ways only, and none after it was destroyed", async () => {
  const id = await fresh(2);
  expect(await move(id, 1, "state = 'current'")).toBe("KF403");
  expect(await move(id, 1, "state = 'pending'")).toBe("KF403");
  expect(await move(id, 1, "state = 'kept'")).toBe("done");
  await as(mine, async () => {
    await app.query(
      "UPDATE control_plane.versions SET state = 'revoked', revoked_at = now(), generation = generation + 1 WHERE secret_id = $1 AND number = 1",
      [id],
    );
  });
  for (const to of ["current", "grace", "kept", "pending"])
    expect(await move(id, 1, `state = '${to}'`), to).toBe("KF403");
  await as(mine, async () => {
    await app.query(
      "UPDATE control_plane.sealed_values SET sealed = NULL, dek_wrap = NULL, digest = NULL, replaces = sha256(sealed || dek_wrap), generation = 2 WHERE secret_id = $1 AND number = 1",
      [id],
    );
    await app.query(
      "UPDATE control_plane.versions SET state = 'destroyed', destroyed_at = now(), generation = generation + 1 WHERE secret_id = $1 AND number = 1",
      [id],
    );
  });
  expect(await move(id, 1, "state = 'revoked', destroyed_at = NULL")).toBe("KF403");
  expect(await move(id, 1, "open_until = now()")).toBe("KF403");
});

test("a version is destroyed with its bytes, and not in name only", async () => {
  const id = await fresh(2);
  expect(await move(id, 1, "state = 'destroyed', destroyed_at = now()")).toBe("KF403");
});

test("there are no two current versions, no gap, no first state but current or pending, and no disagreeing pointer", async () => {
  const id = await fresh(2);
  const insert = (number: number, as: string) =>
    state(
      mine,
      `INSERT INTO control_plane.versions (tenant_id, secret_id, number, state, encoding, created_at, created_by, generation, mac, open_until)
        VALUES ($1, $2, $3, $4, 'utf8', now(), $5, 1, $6, now())`,
      [mine, id, number, as, by, bytes()],
    );
  expect(await insert(3, "current")).toBe("23505");
  expect(await insert(4, "pending")).toBe("KF403");
  expect(await insert(2, "pending")).toBe("KF403");
  expect(await insert(3, "grace")).toBe("KF403");
  expect(await insert(3, "pending")).toBe("done");
  expect(
    await state(
      mine,
      "UPDATE control_plane.secrets SET current_version = 1, generation = generation + 1 WHERE id = $1",
      [id],
    ),
  ).toBe("KF403");
  expect(
    await state(
      mine,
      "UPDATE control_plane.secrets SET state = 'empty', current_version = NULL, generation = generation + 1 WHERE id = $1",
      [id],
    ),
  ).toBe("KF403");
  expect(await move(id, 2, "state = 'grace'")).toBe("KF403");
  expect(
    await state(
      mine,
      "UPDATE control_plane.secrets SET current_version = NULL, generation = generation + 1 WHERE id = $1",
      [id],
    ),
  ).toBe("23514");
});

test("a secret keeps its id, its place and its origin", async () => {
  const id = await fresh();
  for (const set of [
    "environment_id = gen_random_uuid()",
    "project_id = gen_random_uuid()",
    "created_by = '{}'",
    "created_at = now()",
  ])
    expect(
      await state(
        mine,
        `UPDATE control_plane.secrets SET ${set}, generation = generation + 1 WHERE id = $1`,
        [id],
      ),
      set,
    ).toBe("KF403");
});

test("every guarded row moves by one generation, and by no other", async () => {
  const id = await fresh();
  for (const step of [0, 2, -1])
    expect(
      await state(
        mine,
        `UPDATE control_plane.secrets SET description = 'x', generation = generation + ${step} WHERE id = $1`,
        [id],
      ),
    ).toBe("KF409");
  expect(
    await state(mine, "UPDATE control_plane.tenant_keys SET check_value = mac WHERE tenant_id = $1", [mine]),
  ).toBe("KF409");
});

test("sealed bytes are rewrapped, re-encrypted or erased over the bytes that were meant, and nothing else", async () => {
  const id = await fresh();
  const change = (set: string) =>
    state(
      mine,
      `UPDATE control_plane.sealed_values SET ${set}, generation = generation + 1 WHERE secret_id = $1`,
      [id],
    );
  const replaces = "replaces = sha256(sealed || dek_wrap)";
  expect(await change(`dek_wrap = 'new', ${replaces}`)).toBe("done");
  expect(await change(`dek_wrap = 'new', sealed = 'new', ${replaces}`)).toBe("done");
  expect(await change(`dek_wrap = NULL, sealed = NULL, digest = NULL, ${replaces}`)).toBe("done");
  expect(await change("dek_wrap = 'new'")).toBe("KF409");
  expect(await change("dek_wrap = 'new', replaces = sha256('others')")).toBe("KF409");
  expect(await change(`sealed = 'new', ${replaces}`)).toBe("KF403");
  expect(await change(`dek_wrap = 'new', digest = 'new', ${replaces}`)).toBe("KF403");
  expect(await change(`number = 2, dek_wrap = 'new', ${replaces}`)).toBe("KF403");
  expect(await change(`sealed = NULL, ${replaces}`)).toBe("23514");
  await as(mine, async () => {
    await app.query(
      `UPDATE control_plane.sealed_values SET sealed = NULL, dek_wrap = NULL, digest = NULL, ${replaces}, generation = 2 WHERE secret_id = $1`,
      [id],
    );
  });
  expect(await change("sealed = 'back', dek_wrap = 'back', digest = 'back'")).toBe("KF403");
  expect(await change("term = 2")).toBe("KF403");
});

test("a term follows the one before it, takes on everything from then on, and ends only when nothing needs it", async () => {
  const [tenant, id] = [randomUUID(), randomUUID()];
  await furnish(tenant);
  const { secret } = furnished.get(tenant)!;
  const add = (purpose: string, term: number) =>
    as(tenant, async () => {
      await app.query("INSERT INTO control_plane.tenant_keys VALUES ($1, $2, $3, $4, now(), 1, $4)", [
        tenant,
        purpose,
        term,
        bytes(),
      ]);
      await app.query(
        "INSERT INTO control_plane.key_wraps VALUES ($1, $2, $3, 'o', 'local', 1, $4, now(), 1, $4)",
        [tenant, purpose, term, bytes()],
      );
    }).then(
      () => "done",
      (error: { code: string }) => error.code,
    );
  const move = (set: string) =>
    as(tenant, async () => {
      await app.query(
        `UPDATE control_plane.sealed_values SET ${set}, replaces = sha256(sealed || dek_wrap), generation = generation + 1 WHERE secret_id = $1`,
        [secret],
      );
    }).then(
      () => "done",
      (error: { code: string }) => error.code,
    );
  const drop = async () => {
    await app.query("BEGIN; SET LOCAL ROLE keyfold_deployment");
    const { rows } = await app.query("SELECT control_plane.drop_old_terms($1) AS gone", [tenant]);
    await app.query("COMMIT");
    return rows[0].gone;
  };
  expect([await add("value", 1), await add("value", 3), await add("value", 2)]).toEqual([
    "KF409",
    "KF409",
    "done",
  ]);
  await expect(as(tenant, () => addSecret(tenant, id, "T"))).rejects.toMatchObject({ code: "KF410" });
  expect(await drop()).toBe(0);
  expect(await move("dek_wrap = 'new'")).toBe("KF410");
  expect(await move("dek_wrap = 'new', term = 2, round = 4")).toBe("done");
  expect(await drop()).toBe(0); // a webhook's signing secret is wrapped under it still
  await superuser.query("DELETE FROM control_plane.webhook_secrets WHERE tenant_id = $1", [tenant]);
  expect(await drop()).toBe(1);
  expect(await drop()).toBe(0);
  expect(await move("dek_wrap = 'newer', round = 3")).toBe("KF403");
  expect(await add("digest", 2)).toBe("done");
  expect(await move("dek_wrap = 'newer', digest = 'new'")).toBe("KF410");
  expect(await move("dek_wrap = 'newer', digest_term = 2")).toBe("KF403");
  expect(await drop()).toBe(0);
  expect(await move("dek_wrap = 'newer', digest = 'new', digest_term = 2")).toBe("done");
  expect(await drop()).toBe(1);
});

test("a token only ends: neither widened, renewed, moved nor brought back", async () => {
  const token = randomUUID();
  await as(mine, async () => {
    await app.query(
      "INSERT INTO control_plane.service_tokens VALUES ($1, $2, 'n', $3, 'abcd', '{}', NULL, NULL, now(), $4, 1, $3)",
      [mine, token, bytes(), by],
    );
  });
  const change = (set: string) =>
    state(mine, `UPDATE control_plane.service_tokens SET ${set}, generation = generation + 1 WHERE id = $1`, [
      token,
    ]);
  expect(await change("expires_at = now() + interval '1 day'")).toBe("done"); // sooner than never
  for (const set of [
    "scope = '[]'",
    "expires_at = now(), ip_ranges = '[]'",
    "ip_ranges = '[]'",
    "rotated_from = gen_random_uuid()",
    "name = 'x'",
    "digest = 'x', revoked_at = now()",
    "created_by = '[]', revoked_at = now()",
  ])
    expect(await change(set), set).toBe("KF403");
  expect(await change("revoked_at = now()")).toBe("done");
  await as(mine, async () => {
    await app.query(
      "UPDATE control_plane.service_tokens SET revoked_at = now(), generation = 2 WHERE id = $1",
      [token],
    );
  });
  expect(await change("revoked_at = NULL")).toBe("KF403");
  expect(await change("revoked_at = now() + interval '1 day'")).toBe("KF403");
});

test("a session only ends", async () => {
  const id = randomUUID();
  const asDeployment = async (sql: string, params: unknown[]) => {
    await app.query("BEGIN; SET LOCAL ROLE keyfold_deployment");
    try {
      await app.query(sql, params);
      await app.query("COMMIT");
      return "done";
    } catch (error) {
      await app.query("ROLLBACK");
      return (error as { code: string }).code;
    }
  };
  await asDeployment(
    "INSERT INTO control_plane.sessions VALUES ($1, $2, NULL, $1, now() + interval '1 hour', NULL, now(), 1, $2)",
    [id, bytes()],
  );
  const change = (set: string) =>
    asDeployment(`UPDATE control_plane.sessions SET ${set}, generation = generation + 1 WHERE id = $1`, [id]);
  expect(await change("expires_at = now() + interval '1 year'")).toBe("KF403");
  expect(await change("token_id = gen_random_uuid()")).toBe("KF403");
  expect(await change("ended_at = now()")).toBe("done");
  expect(await change("ended_at = NULL")).toBe("KF403");
});

test("every table is seen whole by who makes backups, who changes nothing", async () => {
  const { rows } = await superuser.query(
    `SELECT c.relname AS name,
            EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'backup' AND p.polcmd = 'r'
              AND pg_get_expr(p.polqual, p.polrelid) = 'true') AS covered,
            has_table_privilege('keyfold_backup', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') AS changes
       FROM pg_class c WHERE c.relnamespace = 'control_plane'::regnamespace AND c.relkind IN ('r', 'p')`,
  );
  expect(rows.filter(({ covered, changes }) => !covered || changes)).toEqual([]);
  await owner.query("BEGIN; SET LOCAL ROLE keyfold_backup");
  const seen = await owner.query("SELECT id FROM control_plane.tenants");
  await owner.query("ROLLBACK");
  expect(seen.rows.map(({ id }) => id)).toEqual(expect.arrayContaining([...tenants]));
});
