import { randomBytes } from "node:crypto";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import { SecretValue } from "@keyfold/envelope";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refusal, rotatorConformance } from "../testing/conformance.ts";
import { FaultyProxy } from "../testing/faulty-proxy.ts";
import { Rehearsal } from "../testing/rehearsal.ts";
import { readAccount, writeAccount } from "./account.ts";
import { postgresRotators } from "./rotators.ts";
import { scramVerifier } from "./scram.ts";

/** A real PostgreSQL behind a proxy; the server's own word is asked for without the proxy. */
let database: TestDatabase;
let superuser: pg.Client;
let proxy: FaultyProxy;
let port: number;
const tag = randomBytes(4).toString("hex");
const [one, other, admin] = [`one "quoted" ${tag}`, `other_${tag}`, `admin_${tag}`] as const;
const ADMIN = "00000000-0000-4000-8000-000000000001";
const WEAK = "00000000-0000-4000-8000-000000000002";
const credentials: Record<string, string> = {};
const [single, alternating] = postgresRotators({ mayReach: ({ address }) => address === "127.0.0.1" });

beforeAll(async () => {
  database = await createTestDatabase();
  const real = new URL(database.superuserUrl);
  proxy = new FaultyProxy({ host: "127.0.0.1", port: Number(real.port) });
  port = await proxy.listen();
  superuser = new pg.Client({ connectionString: database.superuserUrl });
  await superuser.connect();
  const password = (text: string) => scramVerifier(text);
  await superuser.query(
    `CREATE ROLE ${admin} LOGIN CREATEROLE PASSWORD '${await password("admin-not-a-real-password")}'`,
  );
  await superuser.query(
    `CREATE ROLE weak_${tag} LOGIN PASSWORD '${await password("weak-not-a-real-password")}'`,
  );
  for (const role of [one, other]) {
    await superuser.query(`CREATE ROLE ${pg.escapeIdentifier(role)} LOGIN`);
    await superuser.query(`GRANT ${pg.escapeIdentifier(role)} TO ${admin} WITH ADMIN OPTION`);
  }
  await superuser.query(
    `GRANT CONNECT ON DATABASE ${database.name} TO ${admin}, weak_${tag}, ${pg.escapeIdentifier(one)}, ${other}`,
  );
  credentials[ADMIN] = url(admin, "admin-not-a-real-password");
  credentials[WEAK] = url(`weak_${tag}`, "weak-not-a-real-password");
});

afterAll(async () => {
  await proxy.close();
  for (const role of [one, other, admin, `weak_${tag}`]) {
    const name = pg.escapeIdentifier(role);
    await superuser.query(`DROP OWNED BY ${name}`);
    await superuser.query(`DROP ROLE ${name}`);
  }
  await superuser.end();
  await database.drop();
});

const url = (user: string, password: string, at = port) =>
  writeAccount(
    { host: "127.0.0.1", port: at, database: database.name, user, password, sslmode: "disable" },
    "url",
  );

function clientOf(value: SecretValue): pg.Client {
  const { user, password, database, port, host } = readAccount(value)!;
  const client = new pg.Client({ user, password, database, port, host });
  client.on("error", () => {});
  return client;
}

async function works(value: SecretValue): Promise<boolean> {
  const client = clientOf(value);
  try {
    await client.connect();
    const { rows } = await client.query("SELECT session_user::text AS who");
    return rows[0].who === readAccount(value)!.user;
  } catch (error) {
    expect((error as { code?: string }).code).toBe("28P01");
    return false;
  } finally {
    await client.end();
  }
}

/** The first role logs in with a known password, the other with none. */
async function start(): Promise<SecretValue> {
  const password = "first-not-a-real-password";
  await superuser.query(`ALTER ROLE ${pg.escapeIdentifier(one)} PASSWORD '${await scramVerifier(password)}'`);
  await superuser.query(`ALTER ROLE ${other} PASSWORD NULL`);
  return SecretValue.ofText(url(one, password));
}

const target = {
  takeDown: () => proxy.takeDown(),
  loseNextAnswer: () => proxy.loseAnswerTo('ALTER ROLE "'),
  heal: () => proxy.heal(),
};
const configs = {
  single: { admin: { $secret: ADMIN }, user: one },
  alternating: { admin: { $secret: ADMIN }, users: [one, other] },
};
const suites = [
  {
    name: "postgres-user",
    rotator: single!,
    config: configs.single,
    badConfigs: [{}, { ...configs.single, user: "" }, { ...configs.single, admin: "postgres://" }],
  },
  {
    name: "postgres-user as JSON",
    rotator: single!,
    config: { ...configs.single, format: "json" },
  },
  {
    name: "postgres-alternating-users",
    rotator: alternating!,
    config: configs.alternating,
    badConfigs: [
      { ...configs.alternating, users: [one, one] },
      { ...configs.alternating, users: [one] },
      { ...configs.alternating, disconnect: "yes" },
    ],
  },
];
for (const suite of suites)
  for (const check of rotatorConformance({ ...suite, credentials, start, works, target }))
    test(check.name, check.run);

async function begin(rotator = alternating!, config: unknown = configs.alternating): Promise<Rehearsal> {
  return new Rehearsal({ rotator, config, current: await start(), credentials });
}

test("a password that was made crosses no wire and stands in no statement, only its verifier does", async () => {
  const rehearsal = await begin();
  proxy.forgetSent();
  await rehearsal.rotate();
  await rehearsal.rotate();
  const sent = proxy.sent.toString("latin1");
  expect(sent).toContain("SCRAM-SHA-256$4096:");
  expect(rehearsal.versions).toHaveLength(3);
  for (const { value } of rehearsal.versions) expect(sent).not.toContain(readAccount(value)!.password);
});

test("the server stores the verifier as it came", async () => {
  const rehearsal = await begin();
  await rehearsal.rotate();
  const { rows } = await superuser.query("SELECT rolpassword FROM pg_authid WHERE rolname = $1", [other]);
  expect(rows[0].rolpassword).toMatch(/^SCRAM-SHA-256\$4096:/);
});

describe("two users in turn", () => {
  test("old connections and old logins work until the old version ends; then logins end and connections stay", async () => {
    const rehearsal = await begin();
    const open = clientOf(rehearsal.current!);
    await open.connect();
    await rehearsal.rotate();
    const [old, now] = rehearsal.versions as [never, never];
    expect(await works((old as { value: SecretValue }).value)).toBe(true);
    expect((await open.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);

    await rehearsal.cleanUp({ ...(old as object), state: { user: one } } as never, [now]);
    expect(await works((old as { value: SecretValue }).value)).toBe(false);
    expect((await open.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);
    await open.end();
  });

  test("the old role's connections end too where that is asked for, and nobody else's", async () => {
    // Only a member of a role may end its backends.
    const config = { ...configs.alternating, disconnect: true };
    const rehearsal = await begin(alternating!, config);
    const old = clientOf(rehearsal.current!);
    await old.connect();
    await rehearsal.rotate();
    const fresh = clientOf(rehearsal.current!);
    await fresh.connect();
    await rehearsal.cleanUp({ number: 1, value: rehearsal.versions[0]!.value, state: { user: one } }, [
      rehearsal.versions[1]!,
    ]);
    await expect(old.query("SELECT 1")).rejects.toThrow();
    expect((await fresh.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);
    await Promise.all([old.end().catch(() => {}), fresh.end()]);
  });
});

describe("one user", () => {
  test("old connections keep working while the old password ends", async () => {
    const rehearsal = await begin(single!, configs.single);
    const open = clientOf(rehearsal.current!);
    await open.connect();
    await rehearsal.rotate();
    expect(await works(rehearsal.versions[0]!.value)).toBe(false);
    expect(await works(rehearsal.current!)).toBe(true);
    expect((await open.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);
    await open.end();
  });

  test("where the new password does not log in, the old one is put back and works", async () => {
    const rehearsal = await begin(single!, configs.single);
    rehearsal.begin();
    rehearsal.killAt = { write: "test", when: "after" };
    await rehearsal.drive().catch(() => {});
    // Somebody else changed it meanwhile.
    await superuser.query(`ALTER ROLE ${pg.escapeIdentifier(one)} PASSWORD NULL`);
    expect(await rehearsal.drive()).toBe("failed");
    expect([rehearsal.progress.cause, rehearsal.versions.length]).toEqual(["test_failed", 1]);
    expect(await works(rehearsal.current!)).toBe(true);
  });
});

test.each([
  ["an account without the right", { ...configs.alternating, admin: { $secret: WEAK } }, "target_refused"],
  ["a role that is not there", { ...configs.alternating, users: [one, `nobody_${tag}`] }, "target_missing"],
  ["a credential that is gone", { ...configs.alternating, admin: { $secret: tagged(9) } }, "bad_credential"],
])("%s ends a rotation with the old value at work, and says why", async (_, config, cause) => {
  const rehearsal = await begin(alternating!, config);
  expect(await rehearsal.rotate()).toBe("failed");
  expect([rehearsal.progress.cause, rehearsal.versions.length]).toEqual([cause, 1]);
  expect(await works(rehearsal.current!)).toBe(true);
});

test("an address that may not be reached is refused before anything is sent, by name and by number", async () => {
  const [, guarded] = postgresRotators({ mayReach: ({ address }) => address !== "127.0.0.1" });
  proxy.forgetSent();
  for (const host of ["127.0.0.1", "localhost"]) {
    const account = readAccount(SecretValue.ofText(credentials[ADMIN]!))!;
    const rehearsal = new Rehearsal({
      rotator: guarded!,
      config: configs.alternating,
      current: await start(),
      credentials: { [ADMIN]: writeAccount({ ...account, host }, "url") },
    });
    expect(await rehearsal.rotate()).toBe("failed");
    expect(rehearsal.progress.cause).toBe("target_refused");
  }
  expect(proxy.sent.length).toBe(0);
});

test("a current value that is no account is not left behind unless it is allowed", async () => {
  const foreign = SecretValue.ofText("not an account");
  for (const [startOver, outcome] of [
    [false, "failed"],
    [true, "done"],
  ] as const) {
    const config = { ...configs.alternating, startOver };
    const rehearsal = new Rehearsal({ rotator: alternating!, config, current: foreign, credentials });
    expect(await rehearsal.rotate()).toBe(outcome);
  }
});

test("a name that no resolver knows is a target that cannot be reached", async () => {
  const account = readAccount(SecretValue.ofText(credentials[ADMIN]!))!;
  const rehearsal = new Rehearsal({
    rotator: alternating!,
    config: configs.alternating,
    current: await start(),
    credentials: { [ADMIN]: writeAccount({ ...account, host: "db.invalid" }, "url") },
  });
  expect(await refusal(rehearsal.rotate())).toBe("target_unavailable");
});

function tagged(n: number): string {
  return `00000000-0000-4000-8000-00000000000${n}`;
}
