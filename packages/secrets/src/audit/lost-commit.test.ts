import { randomUUID } from "node:crypto";
import { type Connections, connect } from "@keyfold/db";
import { FaultyProxy, type Lost } from "@keyfold/rotators/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { requestInfo } from "../router/context.ts";
import type { KeyfoldServer } from "../server.ts";
import { callerOf, type House, openHouse } from "../testing/house.ts";
import { refusalOf } from "../testing/refusal.ts";

/*
 * The connection is lost at a commit. What was committed is answered, what was not is done once more; nothing is told twice,
 * and no value leaves without its event.
 */
let house: House;
let proxy: FaultyProxy;
let db: Connections;
let server: KeyfoldServer;
let token: string;
let chain: string;
let id: string;
beforeAll(async () => {
  house = await openHouse();
  const url = new URL(house.database.url);
  proxy = new FaultyProxy({ host: url.hostname, port: Number(url.port) });
  url.hostname = "127.0.0.1";
  url.port = String(await proxy.listen());
  db = connect({ url: url.href, poolSize: 6, statementTimeoutMs: 1_000 });
  server = await house.another({ db });
  const tenant = await house.tenant("acme");
  ({ token, id: chain } = tenant);
  ({ id } = await tenant.caller.secrets.create({ name: "CHANGED", value: "sk_test_0" }));
  await tenant.caller.secrets.create({ name: "K", value: "sk_test_not_a_real_key" });
  // So that this server knows the reader, and the tenant's keys.
  await reveal();
  await callerOf(server, token).secrets.rotate({ id, value: "sk_test_1", reason: "first" });
});
afterAll(async () => {
  await house.verify().finally(async () => {
    await db.close();
    await proxy.close();
    await house.close();
  });
});

/** As a message ends; BEGIN … READ COMMITTED has it in its middle. */
const COMMIT = "COMMIT\0";
const WAYS: Lost[] = ["answered", "under way", "never sent"];

const reveal = (facts: { userAgent?: string; session?: string } = {}) =>
  server.router
    .createCaller({ keyfold: requestInfo({ ...(facts.session ? {} : { token }), ...facts }) })
    .secrets.reveal({ name: "K" });

/** What a chain's events are, by the text that they hold. */
async function told(text: string, of = chain): Promise<number> {
  const [row] = await house.sql<{ count: number }>(
    `SELECT coalesce(sum((length(t) - length(replace(t, $2, ''))) / length($2)), 0)::int AS count
       FROM (SELECT encode(bodies, 'escape') AS t FROM control_plane.audit_batches WHERE chain_id = $1) b`,
    [of, text],
  );
  return row!.count;
}

test.each<Lost>([...WAYS, "late"])(
  "warm reads whose commit is lost, %s: each is answered, with exactly one event",
  async (how) => {
    const userAgent = `reads-${randomUUID()}`;
    proxy.lose(userAgent, how);
    const answers = await Promise.all([reveal({ userAgent }), reveal({ userAgent })]);
    expect(answers.map(({ value }) => value)).toEqual(Array(2).fill("sk_test_not_a_real_key"));
    expect(proxy.lost).toBe(true);
    await proxy.letThrough();
    expect(await told(userAgent)).toBe(2);
  },
);

test.each(["answered", "never sent"] as const)(
  "reads of two tenants that share a commit which is lost, %s: each is answered, with exactly one event",
  async (how) => {
    const other = await house.tenant(`other-${how.split(" ")[0]}`);
    await other.caller.secrets.create({ name: "K", value: "sk_test_another_one" });
    const of = (facts: { token: string; userAgent?: string }) =>
      server.router.createCaller({ keyfold: requestInfo(facts) }).secrets.reveal({ name: "K" });
    await of({ token: other.token });
    await reveal();
    const userAgent = `tenants-${randomUUID()}`;
    proxy.lose(userAgent, how);
    const answers = await Promise.all([reveal({ userAgent }), of({ token: other.token, userAgent })]);
    expect(answers.map(({ value }) => value)).toEqual(["sk_test_not_a_real_key", "sk_test_another_one"]);
    expect(proxy.lost).toBe(true);
    expect([await told(userAgent), await told(userAgent, other.id)]).toEqual([1, 1]);
  },
);

test("a read whose event has a commit of its own that is lost: it is answered, with exactly one event", async () => {
  for (const how of [...WAYS, "late"] as const) {
    const { secret } = await server.startSession(requestInfo({ token }));
    const userAgent = `session-${randomUUID()}`;
    proxy.lose(userAgent, how);
    expect((await reveal({ session: secret, userAgent })).value).toBe("sk_test_not_a_real_key");
    expect(proxy.lost).toBe(true);
    await proxy.letThrough();
    expect(await told(userAgent)).toBe(1);
  }
});

const newest = async () => (await house.as(token).secrets.get({ id })).version;

test.each(WAYS)("a change whose commit is lost, %s: it is answered, and done exactly once", async (how) => {
  const before = (await newest())!;
  const caller = callerOf(server, token);
  proxy.lose([`lost ${how}`, COMMIT], how);
  const answer = await caller.secrets.rotate({ id, value: `sk_test_${how}`, reason: `lost ${how}` });
  expect(proxy.lost).toBe(true);
  expect([answer.secret.version, await newest()]).toEqual([before + 1, before + 1]);
  expect(await told(`"lost ${how}"`)).toBe(1);
});

test.each(WAYS)(
  "changes that share a commit which is lost, %s: each is answered, and done exactly once",
  async (how) => {
    const caller = callerOf(server, token);
    const names = Array.from({ length: 9 }, (_, n) => `${how.toUpperCase().replace(" ", "_")}_${n}`);
    proxy.lose([`"${names[5]}"`, COMMIT], how);
    const answers = await Promise.all(
      names.map((name) => caller.secrets.set({ name, value: `sk_test_${name}` })),
    );
    expect(proxy.lost).toBe(true);
    expect(answers.map(({ secret }) => secret.version)).toEqual(names.map(() => 1));
    for (const name of names) expect(await told(`"${name}"`)).toBe(1);
  },
);

test.each(WAYS)(
  "a change of the deployment's, and one through Prisma, whose commit is lost, %s: done exactly once",
  async (how) => {
    const slug = `lost-${how.replace(" ", "-")}`;
    const operator = callerOf(server, house.operatorToken);
    proxy.lose([slug, COMMIT], how);
    await operator.tenants.create({ slug });
    expect(proxy.lost).toBe(true);
    const caller = callerOf(server, token);
    proxy.lose([`"${slug}"`, COMMIT], how);
    await caller.projects.create({ name: slug });
    expect(proxy.lost).toBe(true);
    const { projects } = await caller.projects.list({});
    expect(projects.filter((project) => project.name === slug)).toHaveLength(1);
  },
);

test("a change whose commit is held up on its way: a 503 tells that it may have been done, and then it is", async () => {
  const before = (await newest())!;
  proxy.lose(["held up", COMMIT], "late");
  const change = callerOf(server, token).secrets.rotate({ id, value: "sk_test_late", reason: "held up" });
  expect(await refusalOf(change)).toMatchObject(UNKNOWN);
  await proxy.letThrough();
  await vi.waitFor(async () => expect(await newest()).toBe(before + 1), { timeout: 10_000 });
});

const UNKNOWN = {
  code: "database_unavailable",
  message:
    "The database was lost while this was being stored: it may have been done, or not. Look before you try again.",
};

test("where nobody can say whether a change was done, it is a 503 that tells so; a read gives nothing out", async () => {
  const caller = callerOf(server, token);
  const down = () => proxy.takeDown();
  proxy.lose(["nobody knows", COMMIT], "never sent", down);
  const change = caller.secrets.rotate({ id, value: "sk_test_unknown", reason: "nobody knows" });
  expect(await refusalOf(change)).toMatchObject(UNKNOWN);
  proxy.heal();
  await vi.waitFor(() => reveal(), { timeout: 10_000 });
  const userAgent = `gone-${randomUUID()}`;
  proxy.lose(userAgent, "never sent", down);
  expect(await refusalOf(reveal({ userAgent }))).toMatchObject({ code: "database_unavailable" });
  proxy.heal();
  expect(await told(userAgent)).toBe(0);
});
