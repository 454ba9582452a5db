import { randomBytes } from "node:crypto";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { createKeyfold } from "@keyfold/client";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import { localRotators, postgresRotators } from "@keyfold/rotators";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createFollowingPool } from "./following-pool.ts";
import { createSwappingPool } from "./swapping-pool.ts";

const ROTATIONS = 4;
const WORKERS = 8;
/** Fewer, so that queries wait for one also while the pool is swapped. */
const CONNECTIONS = 3;

let served: Served;
let target: TestDatabase;
let superuser: pg.Client;
const tag = randomBytes(4).toString("hex");
const users = [`shop_a_${tag}`, `shop_b_${tag}`] as const;
const admin = `rotator_${tag}`;

beforeAll(async () => {
  const loopback = postgresRotators({ mayReach: ({ address }) => address === "127.0.0.1" });
  served = await serveHouse({
    house: { rotators: [...localRotators, ...loopback], streams: { restMs: 20 } },
  });
  target = await createTestDatabase();
  superuser = new pg.Client({ connectionString: target.superuserUrl });
  await superuser.connect();
  await superuser.query(`CREATE ROLE ${admin} LOGIN CREATEROLE PASSWORD 'admin-not-a-real-password'`);
  await superuser.query(`CREATE ROLE shop_${tag} NOLOGIN`);
  await superuser.query("CREATE TABLE orders (id bigserial PRIMARY KEY, placed_by text)");
  await superuser.query(`GRANT SELECT, INSERT ON orders TO shop_${tag}`);
  await superuser.query(`GRANT USAGE ON SEQUENCE orders_id_seq TO shop_${tag}`);
  for (const user of users) {
    await superuser.query(`CREATE ROLE ${user} LOGIN IN ROLE shop_${tag}`);
    await superuser.query(`GRANT ${user} TO ${admin} WITH ADMIN OPTION`);
  }
  await superuser.query(`GRANT CONNECT ON DATABASE ${target.name} TO ${admin}, ${users.join(", ")}`);
});
afterAll(async () => {
  for (const role of [...users, `shop_${tag}`, admin]) {
    await superuser.query(`DROP OWNED BY ${role} CASCADE`);
    await superuser.query(`DROP ROLE ${role}`);
  }
  await superuser.end();
  await target.drop();
  await served.close();
});

beforeEach(async () => {
  await superuser.query(`ALTER ROLE ${users[0]} PASSWORD 'first-not-a-real-password'`);
  await superuser.query("TRUNCATE orders");
});

const urlOf = (user: string, password: string): string => {
  const { hostname, port } = new URL(target.superuserUrl);
  return `postgresql://${user}:${password}@${hostname === "localhost" ? "127.0.0.1" : hostname}:${port}/${target.name}?sslmode=disable`;
};

async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setImmediate(resolve));
}

/** What PostgreSQL holds of a role's password: asking with the password itself would make this test a consumer. */
const verifierOf = async (role: string) =>
  (await superuser.query("SELECT rolpassword FROM pg_authid WHERE rolname = $1", [role])).rows[0]!
    .rolpassword as string;

const run = (name: string) => served.house.server.jobs.find((job) => job.name === name)!.run();

async function logsIn(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

test(`${ROTATIONS} rotations between two users under constant traffic: no query fails, and each old user is locked out`, async () => {
  const { token } = await served.house.tenant("shop");
  const keyfold = createKeyfold({ url: served.url, token, cache: false });
  const tenant = keyfold.tenant();
  const { secret: login } = await tenant.set("ROTATOR_URL", urlOf(admin, "admin-not-a-real-password"));
  const { secret } = await tenant.set("DATABASE_URL", urlOf(users[0], "first-not-a-real-password"));
  await keyfold.trpc.rotation.setPolicy.mutate({
    id: secret.id,
    schedule: { everyDays: 30 },
    rotator: {
      kind: "postgres-alternating-users",
      config: { admin: { $secret: login.id }, users: [...users], disconnect: true },
    },
  });

  const failed: unknown[] = [];
  const pool = await createSwappingPool({
    read: () => tenant.get("DATABASE_URL"),
    everyMs: 20,
    pool: { max: CONNECTIONS },
    onProblem: (error) => failed.push(error),
  });
  let answered = 0;
  let stop = false;
  const work = async () => {
    while (!stop) {
      await pool.query("INSERT INTO orders (placed_by) VALUES (session_user)").then(
        () => answered++,
        (error: unknown) => failed.push(error),
      );
    }
  };
  const workers = Array.from({ length: WORKERS }, work);

  for (let round = 1; round <= ROTATIONS; round++) {
    const next = users[round % 2]!;
    const old = await tenant.get("DATABASE_URL");
    await keyfold.trpc.rotation.runNow.mutate({ id: secret.id, reason: `round ${round}` });
    await run("rotations.run");
    const status = await keyfold.trpc.rotation.status.query({ id: secret.id });
    expect(status).toMatchObject({ phase: "done", version: round + 1, problem: null });
    // The old login works until its grace ends, and traffic has moved by then.
    expect(await logsIn(old)).toBe(true);
    await until(() => pool.user === next && pool.ending === 0);
    const before = answered;
    await until(() => answered > before + 50);
    await keyfold.trpc.versions.endGrace.mutate({ id: secret.id, version: round, reason: "all have moved" });
    await run("rotations.run");
    // The first version was made by hand: no rotator knows what it opens, and the third one's password replaces it.
    if (round > 1) expect(await logsIn(old), `round ${round}`).toBe(false);
    await until(() => answered > before + 100);
  }
  stop = true;
  await Promise.all(workers);
  await pool.end();

  expect(failed).toEqual([]);
  const { rows } = await superuser.query(
    "SELECT placed_by, count(*)::int AS n FROM orders GROUP BY 1 ORDER BY 1",
  );
  expect(rows.map(({ placed_by }) => placed_by)).toEqual([...users]);
  expect(rows.reduce((sum, { n }) => sum + n, 0)).toBe(answered);
}, 120_000);

test("two processes move by themselves, under constant traffic: the old login ends with the last one, and no query fails", async () => {
  const { caller } = await served.house.tenant("moves");
  const login = await caller.secrets.create({
    name: "ROTATOR_URL",
    value: urlOf(admin, "admin-not-a-real-password"),
  });
  const { id } = await caller.secrets.create({
    name: "DATABASE_URL",
    value: urlOf(users[0], "first-not-a-real-password"),
    gracePolicy: "acknowledgement",
  });
  await caller.rotation.setPolicy({
    id,
    schedule: { everyDays: 30 },
    rotator: {
      kind: "postgres-alternating-users",
      config: { admin: { $secret: login.id }, users: [...users], disconnect: true },
    },
  });
  const { token } = await caller.tokens.create({ name: "shop", preset: "reader", consumerName: "shop" });
  const failed: unknown[] = [];
  const follow = (instance: string) =>
    createFollowingPool(
      createKeyfold({ url: served.url, token: token!, instance }).tenant(),
      "DATABASE_URL",
      {
        pool: { max: CONNECTIONS },
        onProblem: (error) => failed.push(error),
      },
    );
  const pools = [await follow("a"), await follow("b")];
  let answered = 0;
  let stop = false;
  const workers = pools.flatMap((pool) =>
    Array.from({ length: WORKERS / 2 }, async () => {
      while (!stop)
        await pool.query("INSERT INTO orders (placed_by) VALUES (session_user)").then(
          () => answered++,
          (error: unknown) => failed.push(error),
        );
    }),
  );
  for (const [version, next] of [
    [2, users[1]],
    [3, users[0]],
  ] as const) {
    const old = next === users[0] ? users[1] : users[0];
    const password = await verifierOf(old);
    await caller.rotation.runNow({ id });
    await run("rotations.run");
    // Nobody ends the grace: it ends when both have said that they moved; the job sees to it where both said so at once.
    await until(async () => {
      await run("graces.settle");
      return (await caller.versions.list({ id })).versions[1]!.state === "destroyed";
    });
    expect(pools.map(({ user, ending }) => [user, ending])).toEqual([
      [next, 0],
      [next, 0],
    ]);
    await run("rotations.run");
    // The first version was made by hand: no rotator knows what it opens.
    if (version > 2) expect(await verifierOf(old)).not.toBe(password);
    const before = answered;
    await until(() => answered > before + 50);
  }
  stop = true;
  await Promise.all(workers);
  for (const pool of pools) await pool.end();
  expect(failed).toEqual([]);
  expect((await caller.secrets.blastRadius({ id })).uses).toEqual([]);
}, 120_000);

test("a connection string that does not log in is told of, and the pool goes on as it was", async () => {
  const good = urlOf(admin, "admin-not-a-real-password");
  let now = good;
  const pool = await createSwappingPool({ read: async () => now, everyMs: 1_000_000 });
  now = urlOf(admin, "wrong-not-a-real-password");
  await expect(pool.refresh()).rejects.toMatchObject({ code: "28P01" });
  expect((await pool.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);
  now = good;
  await pool.refresh();
  await pool.end();
});
