import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Connections,
  connect,
  type EmbeddedPostgres,
  publicationSql,
  startEmbeddedPostgres,
  WHERE_IT_MAY_LIVE,
} from "@keyfold/db";
import { deployMigrations, migrationsDir } from "@keyfold/db/migrate";
import { hybridSeedFromText, localRootKey } from "@keyfold/envelope";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKeyfoldServer, type KeyfoldServer } from "../server.ts";
import { type Caller, callerOf } from "../testing/house.ts";
import { codeOf, refusalOf } from "../testing/refusal.ts";
import { verifyChains } from "../testing/verify.ts";
import { regionChain } from "./region.ts";

/*
 * Two PostgreSQLs, logical replication of ciphertext between them, and an API each: eu, where the deployment began, and us,
 * whose process holds no root key but its own.
 */

const all = ["eu", "us"] as const;
const keys = { eu: localRootKey(randomBytes(32)), us: localRootKey(randomBytes(32)) };
type Name = keyof typeof keys;
const folders: string[] = [];
const postgres = {} as Record<Name, EmbeddedPostgres>;
const db = {} as Record<Name, Connections>;
const admin = {} as Record<Name, pg.Client>;
let eu: KeyfoldServer;
let us: KeyfoldServer;
let operatorToken: string;
let operator: Caller;
let acme: Made;
let both: Made;
let only: Made;
const starts: Record<string, unknown> = {};

async function start(name: Name): Promise<EmbeddedPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), `keyfold-region-${name}-`));
  folders.push(dataDir);
  let server = await startEmbeddedPostgres({ dataDir });
  if (name === "eu") {
    const client = new pg.Client({ connectionString: server.superuserUrl });
    await client.connect();
    await client.query("ALTER SYSTEM SET wal_level = logical");
    await client.end();
    await server.stop();
    server = await startEmbeddedPostgres({ dataDir });
  }
  await deployMigrations({ url: server.ownerUrl, migrationsDir, appRole: new URL(server.appUrl).username });
  return server;
}

/** A customer's own root key, and the hybrid seed. */
const customers = { theirs: { provider: localRootKey(randomBytes(32)) } };
const hybrid = { current: hybridSeedFromText(randomBytes(32).toString("hex")) };

const serve = (name: Name, more: object = {}) =>
  createKeyfoldServer({
    db: db[name],
    ...(name === "eu" ? { tenantRootKeys: customers, hybrid } : {}),
    provider: keys[name],
    mayCreate: true,
    process: false,
    regions: { here: name, all, ...(name === "eu" ? { rootKeys: { us: keys.us } } : {}) },
    ...more,
  });

/** Asks until it is so; the test's own time-out ends it. */
async function until(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 25));
}

/** Waits until the us region has everything that eu has committed. */
async function replicated(): Promise<void> {
  const { rows } = await admin.eu.query("SELECT pg_current_wal_lsn()::text AS lsn");
  await until(async () => {
    const seen = await admin.eu.query(
      "SELECT coalesce(bool_and(replay_lsn >= $1::pg_lsn), false) AS seen FROM pg_stat_replication WHERE application_name = 'keyfold_us'",
      [rows[0].lsn],
    );
    return seen.rows[0].seen;
  });
}

/** What a start came to. */
const startOf = (starting: Promise<unknown>) =>
  starting.then(
    () => "it started",
    (error: { problem?: string; message: string }) => [error.problem, error.message],
  );

beforeAll(async () => {
  for (const name of all) {
    postgres[name] = await start(name);
    db[name] = connect({ url: postgres[name].appUrl, poolSize: 6 });
    admin[name] = new pg.Client({ connectionString: postgres[name].url("superuser", "keyfold") });
    await admin[name].connect();
  }
  eu = await serve("eu");
  operatorToken = await eu.createOperatorToken("operator");
  operator = callerOf(eu, operatorToken);
  acme = await tenant("acme");
  both = await tenant("both", ["eu", "us"]);
  only = await tenant("only", ["eu"]);
  starts.empty = await startOf(serve("us"));
  starts.made = (await admin.us.query("SELECT 1 FROM control_plane.deployments")).rows.length;

  await admin.eu.query(publicationSql("keyfold_us", 1));
  // As the page has it, but for the address.
  const page = await readFile(new URL("../../../../docs/regions.md", import.meta.url), "utf8");
  const [subscribe] = /^CREATE SUBSCRIPTION [^;]+;/m.exec(page)!;
  const source = postgres.eu.url("superuser", "keyfold");
  await admin.us.query(
    subscribe.replace(/CONNECTION '[^']+'/, () => `CONNECTION ${pg.escapeLiteral(source)}`),
  );
  await until(async () => {
    const { rows } = await admin.us.query(
      "SELECT bool_and(srsubstate = 'r') AS ready FROM pg_subscription_rel",
    );
    return rows[0].ready;
  });
  starts.untold = await startOf(serve("us", { regions: null }));
  starts.keyless = await startOf(serve("us"));
  await wrap();
  await replicated();
  us = await serve("us");
}, 180_000);
afterAll(async () => {
  await admin.us?.query("ALTER SUBSCRIPTION keyfold_us DISABLE").catch(() => {});
  await Promise.all(all.map((name) => admin[name]?.end()));
  await Promise.all(all.map((name) => db[name]?.close()));
  await postgres.us?.stop();
  await postgres.eu?.stop();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const wrap = () => eu.jobs.find((job) => job.name === "region_keys.wrap")!.run();

async function tenant(slug: string, regions?: string[]) {
  const { id } = await operator.tenants.create(regions === undefined ? { slug } : { slug, regions });
  const { token } = await operator.tokens.create({ tenant: slug, name: "first", preset: "admin" });
  const caller = callerOf(eu, token);
  const secret = await caller.secrets.create({ name: "K", value: `${slug}, not real` });
  return { id, slug, token: token!, caller, secret: secret.id, there: () => callerOf(us, token) };
}
type Made = Awaited<ReturnType<typeof tenant>>;

test("a region starts when the deployment was replicated to it and its own root key opens what is there, and not before", () => {
  expect(starts.empty).toEqual([
    "wrong_region",
    expect.stringMatching(
      /^Nothing was replicated to this database yet\. Subscribe it to what the region eu publishes/,
    ),
  ]);
  expect(starts.made).toBe(0);
  expect(starts.untold).toEqual([
    "wrong_region",
    "This database was replicated from another region. Set KEYFOLD_REGION and KEYFOLD_REGIONS to say which one this is.",
  ]);
  expect(starts.keyless).toEqual(["wrong_root_key", expect.stringContaining("but the one given is local:")]);
});

test("it reads the values of the tenants that may live there, with its own root key alone", async () => {
  for (const made of [acme, both]) {
    expect((await made.there().secrets.reveal({ name: "K" })).value).toMatch(/, not real$/);
    expect((await made.there().secrets.get({ name: "K" })).id).toBe(made.secret);
  }
  await both.caller.secrets.rotate({ id: both.secret, value: "new, not real" });
  await replicated();
  expect((await both.there().secrets.reveal({ name: "K" })).value).toBe("new, not real");
});

test("a tenant that may not live there is refused by name to its own token, and nothing of its ciphertext is there", async () => {
  const refused = await refusalOf(only.there().secrets.reveal({ name: "K" }));
  expect([refused.code, refused.message]).toEqual([
    "wrong_region",
    "This tenant is not kept in the region us. The region eu serves it.",
  ]);
  expect(await codeOf(callerOf(us, `kf_${"A".repeat(49)}`).secrets.reveal({ name: "K" }))).toBe(
    "unauthenticated",
  );
  for (const table of WHERE_IT_MAY_LIVE) {
    const count = async (name: Name, id: string) =>
      (await admin[name].query(`SELECT 1 FROM control_plane.${table} WHERE tenant_id = $1`, [id])).rows
        .length;
    expect([table, await count("us", only.id), (await count("eu", only.id)) > 0]).toEqual([table, 0, true]);
    expect([table, await count("us", both.id)]).toEqual([table, await count("eu", both.id)]);
  }
  // Its keys are not wrapped under that region's root key, wherever they are.
  const { id } = await keys.us.current();
  const wraps = await admin.eu.query(
    "SELECT tenant_id AS id FROM control_plane.key_wraps WHERE opener = $1 GROUP BY tenant_id ORDER BY 1",
    [id],
  );
  const wrapped = wraps.rows.map((row) => row.id);
  expect(wrapped).toEqual(expect.arrayContaining([acme.id, both.id]));
  expect(wrapped).not.toContain(only.id);
});

test("nothing is changed there, by a tenant or an operator: the refusal names the region that changes it", async () => {
  const refused = await refusalOf(acme.there().secrets.set({ name: "K", value: "not real" }));
  expect([refused.code, refused.message]).toEqual([
    "wrong_region",
    "This is the region us, which only reads. Changes are made in the region eu.",
  ]);
  const there = callerOf(us, operatorToken);
  expect(await codeOf(there.tenants.create({ slug: "made-there" }))).toBe("wrong_region");
  expect(await codeOf(there.keys.rotate({}))).toBe("wrong_region");
  expect(await codeOf(there.tenants.get({ tenant: "only" }))).toBe("wrong_region");
  expect(await codeOf(there.tenants.get({ tenant: "acme" }))).toBe("allowed");
});

test("what is revoked in one region is refused in the other as soon as it was replicated, with nothing remembered", async () => {
  const made = await acme.caller.tokens.create({ name: "t", preset: "reader" });
  await replicated();
  const reader = callerOf(us, made.token);
  for (let i = 0; i < 3; i++) expect(await codeOf(reader.secrets.reveal({ name: "K" }))).toBe("allowed");
  await acme.caller.tokens.revoke({ id: made.details.id });
  await replicated();
  expect(await codeOf(reader.secrets.reveal({ name: "K" }))).toBe("unauthenticated");

  const { id } = await acme.caller.secrets.create({ name: "REVOKED", value: "not real" });
  await replicated();
  for (let i = 0; i < 2; i++) expect(await codeOf(acme.there().secrets.reveal({ id }))).toBe("allowed");
  await acme.caller.versions.revoke({ id, version: 1, reason: "a test" });
  await replicated();
  expect(await codeOf(acme.there().secrets.reveal({ id }))).toBe("secret_empty");
});

test("each region appends to chains of its own, and all of them verify", async () => {
  const chain = regionChain(acme.id, "us");
  const { rows } = await admin.us.query("SELECT control_plane.chain_of($1) AS chain", [acme.id]);
  expect(rows).toEqual([{ chain }]);
  expect((await admin.eu.query("SELECT control_plane.chain_of($1) AS chain", [acme.id])).rows).toEqual([
    { chain: acme.id },
  ]);
  for (let i = 0; i < 3; i++) await acme.there().secrets.reveal({ name: "K" });
  const there = await acme.there().audit.list({ action: "secret.accessed" });
  expect(there.events.length).toBeGreaterThan(2);
  expect((await acme.caller.audit.list({ action: "secret.accessed" })).events).toEqual([]);

  const heads = { eu: await verifyChains(admin.eu), us: await verifyChains(admin.us) };
  expect([...heads.us.keys()]).toContain(chain);
  expect([...heads.us.keys()].filter((id) => heads.eu.has(id))).toEqual([]);
  await us.makeCheckpoint();
  const { head } = await acme.there().audit.checkpoint({});
  expect(head).toMatchObject({ chain });
});

test("a process that is set up for another region than its database is does not start", async () => {
  for (const [name, regions, message] of [
    ["us", null, "This database is the region us. Set KEYFOLD_REGION and KEYFOLD_REGIONS."],
    ["us", { here: "eu", all }, "This database is the region us, and not eu (KEYFOLD_REGION)."],
    ["eu", { here: "us", all }, "This database is the region eu, and not us (KEYFOLD_REGION)."],
    [
      "us",
      { here: "us", all: ["us", "eu"] },
      "The deployment began in another region than the first of KEYFOLD_REGIONS. Put the list back in its order; new regions go to its end.",
    ],
  ] as const)
    await expect(serve(name, { regions })).rejects.toMatchObject({ problem: "wrong_region", message });
});

test("a new tenant is served there within a minute, when the job has wrapped its keys, and jobs that change run at home only", async () => {
  const late = await tenant("late");
  await replicated();
  expect(await codeOf(late.there().secrets.reveal({ name: "K" }))).toBe("decryption_failed");
  await wrap();
  await replicated();
  expect((await late.there().secrets.reveal({ name: "K" })).value).toBe("late, not real");
  expect(us.jobs.map((job) => job.name).sort()).toEqual([
    "checkpoints.sign",
    "idempotency_keys.clean",
    "sessions.clean",
  ]);
});

test("a tenant with a root key of its own opens there with that one, where it was given, and the job leaves it alone", async () => {
  const { id } = await operator.tenants.create({ slug: "own", rootKey: "theirs" });
  const { token } = await operator.tokens.create({ tenant: "own", name: "first", preset: "admin" });
  await callerOf(eu, token!).secrets.create({ name: "K", value: "own, not real" });
  await wrap();
  await replicated();
  const { rows } = await admin.us.query(
    "SELECT DISTINCT opener FROM control_plane.key_wraps WHERE tenant_id = $1",
    [id],
  );
  expect(rows).toEqual([{ opener: (await customers.theirs.provider.current()).id }]);
  const refused = await refusalOf(callerOf(us, token!).secrets.reveal({ name: "K" }));
  expect([refused.code, refused.message]).toEqual(["key_unavailable", expect.stringContaining("theirs")]);
  const given = await serve("us", { tenantRootKeys: customers, hybrid });
  expect((await callerOf(given, token!).secrets.reveal({ name: "K" })).value).toBe("own, not real");
  expect(await codeOf(callerOf(given, acme.token).secrets.reveal({ name: "K" }))).toBe("allowed");
});

test("hybrid keys are wrapped for it too: its processes take the seed besides their root key, and start without it no more", async () => {
  const made = await tenant("mixed");
  const { id } = await made.caller.secrets.create({
    name: "HYBRID",
    value: "hybrid, not real",
    algorithm: "hybrid-quantum",
  });
  await wrap();
  await replicated();
  // The process that runs goes on with what needs no seed, and says what it cannot open.
  expect((await made.there().secrets.reveal({ name: "K" })).value).toBe("mixed, not real");
  expect(await codeOf(made.there().secrets.reveal({ id }))).toBe("decryption_failed");
  expect(await startOf(serve("us"))).toEqual([
    "wrong_hybrid_seed",
    expect.stringContaining(`needs the hybrid seed ${hybrid.current.publicKey.id}, but none is given`),
  ]);
  const given = await serve("us", { hybrid });
  expect((await callerOf(given, made.token).secrets.reveal({ id })).value).toBe("hybrid, not real");
});

test("a tenant is made only for regions that there are, this one among them", async () => {
  for (const regions of [["us"], ["eu", "mars"], []])
    expect(await codeOf(operator.tenants.create({ slug: "wrong", regions })), regions.join()).toBe(
      "bad_input",
    );
  expect(await operator.tenants.get({ tenant: "only" })).toMatchObject({ regions: ["eu"], home: "eu" });
  expect(await operator.tenants.get({ tenant: "acme" })).toMatchObject({ regions: null, home: "eu" });
});
