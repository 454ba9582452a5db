import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Caller, callerOf, type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";
import { FakeTransport, type Posted } from "../testing/transport.ts";
import { until } from "../testing/until.ts";
import type { WebhookDispatcher } from "./dispatch/dispatcher.ts";
import { waitAfter } from "./dispatch/retry.ts";

let house: House;
let tenant: { id: string; slug: string; token: string; caller: Caller };
let caller: Caller;
let transport: FakeTransport;
const running: WebhookDispatcher[] = [];
beforeEach(async () => {
  house = await openHouse();
  tenant = await house.tenant("acme");
  ({ caller } = tenant);
  ({ transport } = house);
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  await house.verify().finally(() => house.close());
});

function dispatch(server = house.server, options = {}): WebhookDispatcher {
  const dispatcher = server.dispatchWebhooks({ pollMs: 10, ...options })!;
  running.push(dispatcher);
  return dispatcher;
}
const made = async (url = "https://a.example.com/hooks", more: object = {}) => {
  const { endpoint, secret } = await caller.webhooks.create({ url, ...more });
  return { id: endpoint.id, url, secret: secret! };
};
const deliveries = async (id: string) => (await caller.webhooks.deliveries({ id })).deliveries;
const settled = (id: string, state = "delivered", count = 1) =>
  until(async () => {
    const [row] = await house.sql<{ n: number }>(
      "SELECT count(*)::int AS n FROM control_plane.webhook_deliveries WHERE endpoint_id = $1 AND state = $2",
      [id, state],
    );
    return row!.n >= count;
  });
const attempts = (id: string, count: number) =>
  until(async () => {
    const [row] = await house.sql<{ n: number }>(
      "SELECT max(jsonb_array_length(log)) AS n FROM control_plane.webhook_deliveries WHERE endpoint_id = $1",
      [id],
    );
    return (row!.n ?? 0) >= count;
  });
const set = (name: string, value = "sk_test_not_a_real_key") => caller.secrets.set({ name, value });
const kindOf = (posted: Posted) => (JSON.parse(posted.body) as { type: string }).type;
const verify = (posted: Posted, secret: string) =>
  new Webhook(secret).verify(posted.body, posted.headers as Record<string, string>);

test("a rotation reaches the endpoint, signed as Standard Webhooks has it, in references and never a value", async () => {
  const { secret } = await set("K", "sk_test_not_a_real_key_1");
  const endpoint = await made();
  dispatch();
  await caller.secrets.rotate({ id: secret.id, value: "sk_test_not_a_real_key_2" });
  await settled(endpoint.id);
  const [posted] = transport.posted;
  expect(verify(posted!, endpoint.secret)).toEqual({
    type: "secret.rotated",
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    data: {
      tenant_id: tenant.id,
      project_id: secret.project.id,
      environment_id: secret.environment.id,
      secret_id: secret.id,
      name: "K",
      new_version: 2,
      rotated_from: 1,
      open_until: expect.stringMatching(/^\d{4}-.*Z$/),
    },
  });
  expect(posted!.url).toBe(endpoint.url);
  expect(JSON.stringify(transport.posted)).not.toContain("sk_test_not_a_real_key");
  expect(() => verify({ ...posted!, body: posted!.body.replace('"K"', '"L"') }, endpoint.secret)).toThrow();
});

test("where nothing is to be sent, hints cost one small statement in 20 ms, however many come", async () => {
  const { pool } = house.db;
  const asked = vi.spyOn(pool, "query");
  const connections = vi.spyOn(pool, "connect");
  const began = performance.now();
  const dispatcher = dispatch(house.server, { pollMs: 600_000 });
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(1));
  for (let i = 0; i < 1_000; i++) {
    house.server.hint(`${tenant.id} 1`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await vi.waitFor(() => expect(asked.mock.calls.length).toBeGreaterThan(1));
  await dispatcher.stop();
  expect(asked.mock.calls.length).toBeLessThanOrEqual(2 + (performance.now() - began) / 20);
  // Each had its connection, and nothing else had one.
  expect(connections).toHaveBeenCalledTimes(asked.mock.calls.length);
});

test("a look that was put off, and that another hint has made needless, is not made", async () => {
  const { pool } = house.db;
  const asked = vi.spyOn(pool, "query");
  const connections = vi.spyOn(pool, "connect");
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const dispatcher = dispatch(house.server, { pollMs: 600_000 });
  const hint = () => house.server.hint(`${tenant.id} 1`);
  while (asked.mock.results.length < 1) await turn();
  await asked.mock.results[0]!.value;
  // Put off, since it has just looked; and the next comes when that is due, before the timer had its turn.
  hint();
  for (const until = performance.now() + 25; performance.now() < until; );
  hint();
  await vi.waitFor(() => expect(asked.mock.calls.length).toBeGreaterThan(1));
  await Promise.all(asked.mock.results.map(({ value }) => value));
  for (let i = 0; i < 20; i++) await turn();
  await dispatcher.stop();
  expect(connections).toHaveBeenCalledTimes(asked.mock.calls.length);
});

test("what was changed before an endpoint was made is not told to it", async () => {
  await set("BEFORE");
  const endpoint = await made();
  await set("AFTER");
  dispatch();
  await settled(endpoint.id);
  expect((await deliveries(endpoint.id)).map(({ name }) => name)).toEqual(["AFTER"]);
});

test("an endpoint gets the kinds, places and names that it asks for", async () => {
  await caller.environments.create({ project: "default", name: "prod" }).catch(() => {});
  const all = await made("https://all.example.com/");
  const kinds = await made("https://kinds.example.com/", { kinds: ["secret.deleted"] });
  const prod = await made("https://prod.example.com/", { projects: ["default"], environments: ["prod"] });
  const stripe = await made("https://stripe.example.com/", { prefix: "stripe/" });
  dispatch();
  await set("A");
  await set("stripe/KEY");
  await caller.secrets.set({ name: "B", environment: "prod", value: "v" });
  await caller.secrets.delete({ name: "A" });
  await caller.secrets.update({ name: "stripe/KEY", rename: "KEY" });
  await settled(all.id, "delivered", 5);
  await settled(stripe.id, "delivered", 2);
  const told = async (id: string) =>
    (await deliveries(id)).map(({ kind, name }) => `${kind} ${name}`).reverse();
  expect(await told(kinds.id)).toEqual(["secret.deleted A"]);
  expect(await told(prod.id)).toEqual(["secret.created B"]);
  expect(await told(stripe.id)).toEqual(["secret.created stripe/KEY", "secret.renamed KEY"]);
});

test("a consumer's endpoint is told of exactly the secrets that it reads or was declared to read", async () => {
  const { token } = await caller.tokens.create({
    name: "billing",
    preset: "reader",
    consumerName: "billing",
    consumerKind: "worker",
  });
  for (const name of ["READ", "DECLARED", "OTHER"]) await set(name);
  await house.as(token).secrets.reveal({ name: "READ" });
  await house.server.flush();
  await caller.consumers.declare({ name: "DECLARED", consumer: "billing", kind: "worker" });
  const endpoint = await made(undefined, { consumer: "billing" });
  const all = await made("https://all.example.com/");
  dispatch();
  for (const name of ["READ", "DECLARED", "OTHER"]) await set(name, "another value, not real");
  await settled(all.id, "delivered", 3);
  await settled(endpoint.id, "delivered", 2);
  expect((await deliveries(endpoint.id)).map(({ name }) => name).sort()).toEqual(["DECLARED", "READ"]);
});

test("an endpoint is told of nothing that its maker may not see", async () => {
  const { token } = await caller.tokens.create({
    name: "narrow",
    preset: "admin",
    projects: ["default"],
    environments: ["prod"],
  });
  const narrow = house.as(token);
  const { endpoint } = await narrow.webhooks.create({ url: "https://narrow.example.com/" });
  const all = await made();
  dispatch();
  await caller.secrets.set({ name: "HIDDEN", environment: "dev", value: "v" });
  await caller.secrets.set({ name: "SEEN", environment: "prod", value: "v" });
  await settled(all.id, "delivered", 2);
  await settled(endpoint.id);
  expect((await deliveries(endpoint.id)).map(({ name }) => name)).toEqual(["SEEN"]);
  expect(transport.posted.filter(({ url }) => url.includes("narrow"))).toHaveLength(1);
});

test("an endpoint whose maker's token has expired is told nothing, and who updates it vouches anew", async () => {
  const { token } = await caller.tokens.create({ name: "short", preset: "admin", expiresInSeconds: 3600 });
  const { endpoint } = await house.as(token).webhooks.create({ url: "https://short.example.com/" });
  expect(endpoint.expiresAt).not.toBeNull();
  await set("A");
  await house.moveClock("2 hours");
  dispatch();
  await settled(endpoint.id, "dead");
  expect((await deliveries(endpoint.id))[0]!.log[0]!.failure).toBe("expired");
  expect(transport.posted).toEqual([]);
  expect((await caller.webhooks.list({})).endpoints[0]!.state).toBe("expired");
  expect((await caller.webhooks.update({ id: endpoint.id })).state).toBe("enabled");
  await set("B");
  await settled(endpoint.id);
});

test("while its signing secret is rotated both sign, and then the new one alone", async () => {
  const endpoint = await made();
  const { secret, endpoint: view } = await caller.webhooks.rotateSecret({
    id: endpoint.id,
    overlapSeconds: 600,
  });
  expect(secret).not.toBe(endpoint.secret);
  expect(view.previousSecretUntil).not.toBeNull();
  dispatch();
  await set("A");
  await transport.count(1);
  for (const one of [secret, endpoint.secret]) expect(() => verify(transport.posted[0]!, one)).not.toThrow();
  await house.moveClock("11 minutes");
  await set("B");
  await transport.count(2);
  expect(() => verify(transport.posted[1]!, secret)).not.toThrow();
  expect(() => verify(transport.posted[1]!, endpoint.secret)).toThrow();
  const { secret: third } = await caller.webhooks.rotateSecret({ id: endpoint.id, overlapSeconds: 0 });
  await set("C");
  await transport.count(3);
  expect(() => verify(transport.posted[2]!, third)).not.toThrow();
  expect(() => verify(transport.posted[2]!, secret)).toThrow();
  const kept = await house.sql("SELECT number FROM control_plane.webhook_secrets WHERE sealed IS NOT NULL");
  expect(kept).toEqual([{ number: 3 }]);
});

test("what is refused is sent again, the same bytes under the same id, until it is taken", async () => {
  const endpoint = await made();
  const answers: (number | string)[] = [500, "timeout", 302, 429, 204];
  transport.answer(() => answers[transport.posted.length - 1]!);
  dispatch();
  await set("A");
  for (let attempt = 1; attempt < 5; attempt++) {
    await attempts(endpoint.id, attempt);
    expect((await deliveries(endpoint.id))[0]).toMatchObject({ state: "waiting", attempts: attempt });
    await house.moveClock(`${attempt} hours`);
  }
  await settled(endpoint.id);
  const [delivery] = await deliveries(endpoint.id);
  expect(delivery!.log.map(({ attempt, status, failure }) => [attempt, status, failure])).toEqual([
    [1, 500, "status"],
    [2, null, "timeout"],
    [3, 302, "redirect"],
    [4, 429, "status"],
    [5, 204, null],
  ]);
  expect(new Set(transport.posted.map(({ body }) => body)).size).toBe(1);
  expect(new Set(transport.posted.map(({ headers }) => headers["webhook-id"]))).toEqual(
    new Set([delivery!.message]),
  );
});

test("nothing is sent again before its time", async () => {
  const endpoint = await made();
  transport.answer(() => 500);
  dispatch();
  await set("A");
  await attempts(endpoint.id, 1);
  await house.moveClock("3 seconds");
  const other = await made("https://b.example.com/");
  await set("B");
  await attempts(other.id, 1);
  expect((await deliveries(endpoint.id)).find(({ name }) => name === "A")!.attempts).toBe(1);
});

test("who asks to be left alone for a while is, for six hours at most, and never the sooner for it", async () => {
  const endpoint = await made();
  const waits = [900, 10 * 86_400, 0];
  transport.answer(() => ({ status: 429, retryAfter: waits[transport.posted.length - 1]! }));
  dispatch();
  await set("A");
  const wait = async () => {
    const [one] = await deliveries(endpoint.id);
    return Math.round((Date.parse(one!.nextAttemptAt!) - Date.parse(one!.log.at(-1)!.at)) / 1000);
  };
  await attempts(endpoint.id, 1);
  expect(await wait()).toBeGreaterThanOrEqual(899);
  await house.moveClock("16 minutes");
  await attempts(endpoint.id, 2);
  // The log's times are this process's, the next attempt's is the database's, which was moved.
  expect(await wait()).toBeLessThanOrEqual(6 * 3_600 + 16 * 60 + 5);
  expect(await wait()).toBeGreaterThanOrEqual(6 * 3_600);
  await house.moveClock("7 hours");
  await attempts(endpoint.id, 3);
  expect(await wait()).toBeGreaterThanOrEqual(7 * 3_600 + 0.8 * 120 - 5);
});

test("after eleven attempts over a day a message is given up, and replayed under its own id", async () => {
  const endpoint = await made();
  transport.answer(() => 500);
  dispatch();
  await set("A");
  let passed = 0;
  for (let attempt = 1; attempt <= 11; attempt++) {
    await attempts(endpoint.id, attempt);
    passed += (waitAfter(attempt, 1) ?? 0) + 1;
    await house.moveClock(`${passed} seconds`);
  }
  await settled(endpoint.id, "dead");
  const [dead] = await deliveries(endpoint.id);
  expect(dead!.log).toHaveLength(11);
  transport.answer(() => 204);
  expect(await caller.webhooks.replay({ id: endpoint.id, since: dead!.createdAt })).toEqual({ count: 1 });
  await settled(endpoint.id);
  const [again] = await deliveries(endpoint.id);
  expect(again).toMatchObject({ message: dead!.message, attempts: 1 });
  expect(again!.log).toHaveLength(12);
  // A delivered one too, where it is named; and only what this endpoint was sent.
  expect(await caller.webhooks.replay({ id: endpoint.id, messages: [dead!.message] })).toEqual({ count: 1 });
  await transport.count(13);
  expect(await caller.webhooks.replay({ id: endpoint.id, messages: [`msg_${"0".repeat(32)}_1`] })).toEqual({
    count: 0,
  });
});

test("an endpoint that says it is gone is disabled, loudly, and its neighbours hear of it", async () => {
  const endpoint = await made();
  const neighbour = await made("https://b.example.com/");
  transport.answer(({ url }) => (url === endpoint.url ? 410 : 204));
  dispatch();
  await set("A");
  await settled(endpoint.id, "dead");
  await settled(neighbour.id, "delivered", 2);
  const { endpoints } = await caller.webhooks.list({});
  expect(endpoints.find(({ id }) => id === endpoint.id)).toMatchObject({
    state: "disabled",
    disabledReason: "gone",
  });
  const { events } = await caller.audit.list({});
  expect(events).toContainEqual(
    expect.objectContaining({
      action: "webhook.disabled",
      target: expect.objectContaining({ id: endpoint.id }),
    }),
  );
  expect(transport.posted.filter(({ url }) => url === neighbour.url).map(kindOf)).toContain(
    "webhook.disabled",
  );
  expect(house.logged.join()).toContain("a webhook endpoint was disabled");
});

test("one that failed for five days without a success is disabled; enabled again, it begins anew", async () => {
  const endpoint = await made();
  transport.answer(() => 500);
  dispatch();
  await set("A");
  await attempts(endpoint.id, 1);
  await house.moveClock("4 days 23 hours");
  await set("B");
  await until(async () => (await deliveries(endpoint.id)).every(({ log }) => log.length > 0));
  expect((await caller.webhooks.list({})).endpoints[0]).toMatchObject({
    state: "enabled",
    failingSince: expect.any(String),
  });
  await house.moveClock("5 days 1 hour");
  await set("C");
  await until(async () => (await caller.webhooks.list({})).endpoints[0]!.state === "disabled");
  expect((await caller.webhooks.list({})).endpoints[0]!.disabledReason).toBe("failing");
  // What was handed over in the same moment is given up at its first attempt.
  await until(async () => (await deliveries(endpoint.id)).every(({ state }) => state === "dead"));
  expect(await codeOf(caller.webhooks.test({ id: endpoint.id }))).toBe("illegal_state");
  const before = transport.posted.length;
  await set("D");
  expect(await caller.webhooks.update({ id: endpoint.id, enabled: true })).toMatchObject({
    state: "enabled",
    failingSince: null,
  });
  await set("E");
  await transport.count(before + 1);
  await attempts(endpoint.id, 1);
  expect(
    transport.posted.slice(before).map((p) => (JSON.parse(p.body) as { data: { name: string } }).data.name),
  ).not.toContain("D");
  expect((await caller.webhooks.list({})).endpoints[0]!.state).toBe("enabled");
});

test("a receiver that hangs holds up no other", async () => {
  const hanging = await made("https://hanging.example.com/");
  const well = await made("https://well.example.com/");
  transport.answer(({ url }) => (url === hanging.url ? new Promise(() => {}) : 204));
  dispatch(house.server, { concurrency: 12, perEndpoint: 4 });
  await caller.secrets.setMany({
    items: Array.from({ length: 100 }, (_, i) => ({ name: `K${i}`, value: "v" })),
  });
  await settled(well.id, "delivered", 100);
  expect((await deliveries(hanging.id)).every(({ state }) => state === "waiting")).toBe(true);
});

test("a tenant whose receivers all hang holds up its own, and no other tenant's", async () => {
  const { caller: other } = await house.tenant("other");
  const { endpoint } = await other.webhooks.create({ url: "https://well.example.com/" });
  for (let n = 0; n < 8; n++) await made(`https://hanging-${n}.example.com/`);
  transport.answer(({ url }) => (url.includes("hanging") ? new Promise(() => {}) : 204));
  await caller.secrets.setMany({
    items: Array.from({ length: 20 }, (_, i) => ({ name: `K${i}`, value: "v" })),
  });
  // Nothing counts as slow here: what the tenant has is its share, and no more.
  dispatch(house.server, { concurrency: 16, perEndpoint: 4, slowMs: 3_600_000 });
  await transport.count(8);
  await other.secrets.set({ name: "K", value: "v" });
  await settled(endpoint.id);
  expect(transport.posted.filter(({ url }) => url.includes("hanging"))).toHaveLength(8);
});

test("attempts that are slow give their places to others, however many tenants' receivers hang", async () => {
  transport.answer(({ url }) => (url.includes("hanging") ? new Promise(() => {}) : 204));
  dispatch(house.server, { concurrency: 2, perEndpoint: 2, slowMs: 1 });
  for (let n = 0; n < 5; n++) {
    const { caller: hangs } = await house.tenant(`hangs-${n}`);
    await hangs.webhooks.create({ url: `https://hanging-${n}.example.com/` });
    await hangs.secrets.set({ name: "K", value: "v" });
  }
  await transport.count(5);
  const endpoint = await made();
  await set("A");
  await settled(endpoint.id);
});

test("what a killed process had taken is sent by another, and the dead one's late word changes nothing", async () => {
  const endpoint = await made();
  const hung: ((status: number) => void)[] = [];
  transport.answer(() => new Promise((resolve) => void hung.push(resolve)));
  await set("A");
  dispatch(house.server, { concurrency: 1 }); // its one place is taken from now on
  await transport.count(1);
  await house.moveClock("61 seconds");
  const second = new FakeTransport();
  dispatch(await house.another({ webhooks: second }));
  await second.count(1);
  await settled(endpoint.id);
  hung[0]!(500);
  await running.shift()!.stop();
  const [delivery] = await deliveries(endpoint.id);
  expect(delivery).toMatchObject({ state: "delivered", attempts: 2 });
  expect(second.posted[0]!.headers["webhook-id"]).toBe(transport.posted[0]!.headers["webhook-id"]);
});

test("a process that stops gives back what it was at, and it counts as no failure of theirs", async () => {
  const endpoint = await made();
  transport.answer(() => new Promise(() => {}));
  dispatch();
  await set("A");
  await transport.count(1);
  await running.shift()!.stop();
  expect((await deliveries(endpoint.id))[0]).toMatchObject({
    state: "waiting",
    log: [{ failure: "stopped" }],
  });
  expect((await caller.webhooks.list({})).endpoints[0]).toMatchObject({ failures: 0, failingSince: null });
  transport.answer(() => 204);
  await house.moveClock("10 seconds");
  dispatch();
  await settled(endpoint.id);
});

test("two processes share the work, and each message goes out once", async () => {
  const endpoint = await made();
  const other = await house.another();
  dispatch();
  dispatch(other);
  const second = callerOf(other, tenant.token);
  const names = Array.from({ length: 60 }, (_, i) => `K${i}`);
  await Promise.all(names.map((name, i) => (i % 2 ? caller : second).secrets.set({ name, value: "v" })));
  await settled(endpoint.id, "delivered", 60);
  const ids = transport.posted.map(({ headers }) => headers["webhook-id"]);
  expect(ids).toHaveLength(60);
  expect(new Set(ids).size).toBe(60);
});

test("a test message takes the way that all others take, to its own endpoint only", async () => {
  const endpoint = await made(undefined, { kinds: ["secret.deleted"], prefix: "x" });
  await made("https://b.example.com/");
  dispatch();
  const { message } = await caller.webhooks.test({ id: endpoint.id });
  await settled(endpoint.id);
  expect((await deliveries(endpoint.id)).map((d) => [d.message, d.kind])).toEqual([
    [message, "webhook.test"],
  ]);
  expect(verify(transport.posted[0]!, endpoint.secret)).toMatchObject({ type: "webhook.test" });
  expect(transport.posted).toHaveLength(1);
});

test("a deleted endpoint, a disabled one and a deleted tenant's are told nothing more", async () => {
  const deleted = await made("https://deleted.example.com/");
  const disabled = await made("https://disabled.example.com/");
  await set("A"); // waits, since nobody sends yet
  await caller.webhooks.delete({ id: deleted.id });
  await caller.webhooks.update({ id: disabled.id, enabled: false });
  expect(await codeOf(caller.webhooks.deliveries({ id: deleted.id }))).toBe("not_found");
  expect(
    await house.sql(
      "SELECT 1 FROM control_plane.webhook_secrets WHERE endpoint_id = $1 AND sealed IS NOT NULL",
      [deleted.id],
    ),
  ).toEqual([]);
  const other = await house.tenant("other");
  const { endpoint } = await other.caller.webhooks.create({ url: "https://other.example.com/" });
  await other.caller.secrets.set({ name: "A", value: "v" });
  await house.as(house.operatorToken).tenants.delete({ tenant: "other" });
  const live = await made("https://live.example.com/");
  await set("B");
  dispatch();
  await settled(live.id);
  await until(
    async () =>
      (await house.sql("SELECT 1 FROM control_plane.tenant_messages WHERE NOT routed")).length === 0,
  );
  await until(
    async () =>
      (await house.sql("SELECT 1 FROM control_plane.webhook_deliveries WHERE state = 'waiting'")).length ===
      0,
  );
  expect(transport.posted.map(({ url }) => url)).toEqual([live.url]);
  expect(
    await house.sql(
      "SELECT log -> 0 ->> 'failure' AS failure FROM control_plane.webhook_deliveries WHERE endpoint_id = $1",
      [endpoint.id],
    ),
  ).toEqual([{ failure: "deleted" }]);
});

test.each([
  ["its address", "url = 'https://thief.example.com/'"],
  ["its filter", `filter = '{"kinds":null,"projects":null,"environments":null,"prefix":null}'`],
  ["its maker's scope", `scope = '{"projects":null,"environments":null}'`],
  ["its expiry", "expires_at = NULL"],
  ["its generation", "generation = 7"],
])(
  "an endpoint with %s edited in the database is told nothing, and the operator's log says so",
  async (_, edit) => {
    const { token } = await caller.tokens.create({
      name: "narrow",
      preset: "admin",
      projects: ["default"],
      environments: ["prod"],
      expiresInSeconds: 3600,
    });
    await house.as(token).webhooks.create({ url: "https://a.example.com/", prefix: "x" });
    const live = await made("https://live.example.com/");
    await house.tamper(`UPDATE control_plane.webhook_endpoints SET ${edit} WHERE url LIKE '%a.example%'`);
    dispatch();
    await caller.secrets.set({ name: "x", environment: "prod", value: "v" });
    await settled(live.id).catch(() => {});
    await transport.count(1);
    await until(
      async () =>
        (await house.sql("SELECT 1 FROM control_plane.tenant_messages WHERE NOT routed")).length === 0,
    );
    expect(transport.posted.map(({ url }) => url)).toEqual([live.url]);
    expect(house.logged.join()).toContain("integrity_failed");
  },
);

test("one edited after a message was handed to it is told nothing either", async () => {
  const endpoint = await made();
  transport.answer(() => 500);
  dispatch();
  await set("A");
  await attempts(endpoint.id, 1);
  await house.tamper("UPDATE control_plane.webhook_endpoints SET url = 'https://thief.example.com/'");
  await house.moveClock("1 minute");
  await until(async () => house.logged.join().includes("integrity_failed"));
  expect(transport.posted).toHaveLength(1);
});

test("signing secrets follow their tenant to a new key, and the old key goes", async () => {
  const endpoint = await made();
  const other = callerOf(await house.another(), tenant.token); // remembers the key that is current now
  await other.webhooks.rotateSecret({ id: endpoint.id });
  const operator = house.as(house.operatorToken);
  for (let state = "running"; state === "running"; )
    ({ state } = await operator.keys.rotateTenant({ tenant: tenant.slug }));
  expect(
    await house.sql("SELECT term FROM control_plane.tenant_keys WHERE tenant_id = $1 AND purpose = 'value'", [
      tenant.id,
    ]),
  ).toEqual([{ term: 2 }]);
  expect(await house.sql("SELECT DISTINCT term FROM control_plane.webhook_secrets")).toEqual([{ term: 2 }]);
  dispatch();
  await set("A");
  await settled(endpoint.id);
  expect(() => verify(transport.posted[0]!, endpoint.secret)).not.toThrow();
  await other.webhooks.rotateSecret({ id: endpoint.id });
  expect(
    await house.sql("SELECT DISTINCT term FROM control_plane.webhook_secrets WHERE sealed IS NOT NULL"),
  ).toEqual([{ term: 2 }]);
});

test("a signing secret lies sealed, and opens for its own endpoint only", async () => {
  const mine = await made();
  const other = await made("https://b.example.com/");
  const raw = Buffer.from(mine.secret.slice("whsec_".length), "base64");
  expect(raw.length).toBe(32);
  for (const row of await house.sql<{ sealed: Buffer }>("SELECT sealed FROM control_plane.webhook_secrets"))
    expect(row.sealed.includes(raw)).toBe(false);
  await house.tamper(
    `UPDATE control_plane.webhook_secrets o SET sealed = m.sealed, dek_wrap = m.dek_wrap
       FROM control_plane.webhook_secrets m WHERE m.endpoint_id = '${mine.id}' AND o.endpoint_id = '${other.id}'`,
  );
  dispatch();
  await set("A");
  await settled(mine.id);
  await attempts(other.id, 1);
  expect((await deliveries(other.id))[0]).toMatchObject({
    state: "waiting",
    log: [{ failure: "decryption_failed" }],
  });
  expect(transport.posted.map(({ url }) => url)).toEqual([mine.url]);
});
