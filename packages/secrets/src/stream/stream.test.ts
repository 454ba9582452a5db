import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Caller, callerOf, type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";
import type { StreamItem } from "./schema.ts";

let house: House;
let tenant: { id: string; slug: string; token: string; caller: Caller };
let caller: Caller;
const open: Stream[] = [];
let tenants = 0;
beforeAll(async () => {
  house = await openHouse({ streams: { restMs: 10 } });
});
beforeEach(async () => {
  tenant = await house.tenant(`acme-${++tenants}`);
  ({ caller } = tenant);
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.end();
  await house.moveClock("0");
});
afterAll(() => house.verify().finally(() => house.close()));

type Input = Parameters<Caller["events"]["stream"]>[0];
type Message = Extract<StreamItem, { type: "message" }>;

/** A stream, read item by item. */
class Stream {
  readonly #items: AsyncIterator<readonly [string, StreamItem, ...unknown[]]>;
  /** The id to go on after. */
  last = "";
  /** Whether what was missed before cannot be told. */
  reset = false;

  constructor(items: AsyncIterator<readonly [string, StreamItem, ...unknown[]]>) {
    this.#items = items;
    open.push(this);
  }

  async item(): Promise<StreamItem | null> {
    const { done, value } = await this.#items.next();
    if (done) return null;
    this.last = value[0];
    return value[1];
  }

  async message(): Promise<Message> {
    const item = await this.item();
    if (item?.type !== "message") throw new Error("no message");
    return item;
  }

  async names(count: number): Promise<(string | null)[]> {
    const names = [];
    for (let i = 0; i < count; i++) names.push((await this.message()).name);
    return names;
  }

  async end(): Promise<void> {
    await this.#items.return?.();
  }
}

/** A stream that has begun: what changes from now on is told. */
async function streamOf(from: Caller = caller, input: Input = {}): Promise<Stream> {
  const iterable = (await from.events.stream(input)) as unknown as AsyncIterable<[string, StreamItem]>;
  const stream = new Stream(iterable[Symbol.asyncIterator]());
  const first = await stream.item();
  if (first?.type !== "open") throw new Error("a stream begins with its opening");
  stream.reset = first.reset;
  return stream;
}
const set = (name: string, value = "sk_test_not_a_real_key") => caller.secrets.set({ name, value });

test("a change arrives as it was committed, in references and never a value", async () => {
  const { secret } = await set("BEFORE");
  const stream = await streamOf();
  expect(stream.reset).toBe(false);
  await caller.secrets.rotate({ id: secret.id, value: "sk_test_not_a_real_key_2" });
  const message = await stream.message();
  expect(message).toEqual({
    type: "message",
    id: expect.stringMatching(/^msg_[0-9a-f]{32}_1$/),
    kind: "secret.rotated",
    at: expect.stringMatching(/^\d{4}-.*Z$/),
    secretId: secret.id,
    projectId: secret.project.id,
    environmentId: secret.environment.id,
    name: "BEFORE",
    data: { new_version: 2, rotated_from: 1, open_until: expect.any(String) },
  });
  expect(JSON.stringify(message)).not.toContain("sk_test");
});

test("who comes back misses nothing and hears nothing twice", async () => {
  const first = await streamOf();
  await caller.secrets.setMany({ items: ["A", "B", "C"].map((name) => ({ name, value: "v" })) });
  expect(await first.names(2)).toEqual(["A", "B"]);
  await first.end(); // in the middle of a bulk call's messages
  await set("D");
  const second = await streamOf(caller, { lastEventId: first.last });
  expect(second.reset).toBe(false);
  expect(await second.names(2)).toEqual(["C", "D"]);
  // Also one that heard nothing but the opening.
  const silent = await streamOf();
  await silent.end();
  await set("E");
  expect(await (await streamOf(caller, { lastEventId: silent.last })).names(1)).toEqual(["E"]);
});

test("of many changes at once every one arrives once, in the order of their commits", async () => {
  const stream = await streamOf();
  const names = Array.from({ length: 40 }, (_, i) => `K${i}`);
  await Promise.all(names.map((name) => set(name)));
  const heard = await stream.names(40);
  const stored = await house.sql<{ name: string }>(
    "SELECT name FROM control_plane.tenant_messages WHERE tenant_id = $1 ORDER BY batch, item",
    [tenant.id],
  );
  expect(heard).toEqual(stored.map(({ name }) => name));
  expect(new Set(heard)).toEqual(new Set(names));
});

test("a change that waits for its commit does not slip behind one that a stream has read", async () => {
  await caller.secrets.setMany({ items: ["SLOW", "FAST"].map((name) => ({ name, value: "v" })) });
  const stream = await streamOf();
  await house.inLine(tenant.id, [() => set("FAST", "w"), () => set("SLOW", "w")]);
  expect(await stream.names(2)).toEqual(["FAST", "SLOW"]);
});

test("a stream tells of nothing that its actor may not see, and of the kinds that it asks for", async () => {
  const { token } = await caller.tokens.create({
    name: "narrow",
    preset: "reader",
    projects: ["default"],
    environments: ["prod"],
  });
  const narrow = await streamOf(house.as(token));
  const deletions = await streamOf(caller, { kinds: ["secret.deleted"] });
  const { endpoint } = await caller.webhooks.create({ url: "https://hooks.example.com/" });
  await caller.webhooks.test({ id: endpoint.id });
  await set("HIDDEN");
  await caller.secrets.set({ name: "SEEN", environment: "prod", value: "v" });
  await caller.secrets.delete({ name: "HIDDEN" });
  expect(await narrow.names(1)).toEqual(["SEEN"]);
  expect(await deletions.message()).toMatchObject({ kind: "secret.deleted", name: "HIDDEN" });
});

test("a stream ends with its token: revoked, expired, or its tenant deleted", async () => {
  const token = async (more: object = {}) => caller.tokens.create({ name: "t", preset: "reader", ...more });
  const revoked = await token();
  const one = await streamOf(house.as(revoked.token));
  await caller.tokens.revoke({ id: revoked.details.id });
  expect(await codeOf(one.item())).toBe("unauthenticated");
  const short = await streamOf(house.as((await token({ expiresInSeconds: 60 })).token));
  await house.moveClock("61 seconds");
  expect(await codeOf(short.item())).toBe("unauthenticated");
  await house.moveClock("0");
  const orphan = await streamOf();
  await house.as(house.operatorToken).tenants.delete({ tenant: tenant.slug });
  expect(await codeOf(orphan.item())).toBe("unauthenticated");
});

test("what was changed after a token was revoked does not reach its stream", async () => {
  const { token, details } = await caller.tokens.create({ name: "t", preset: "reader" });
  const stream = await streamOf(house.as(token));
  await caller.tokens.revoke({ id: details.id });
  await set("AFTER");
  expect(await codeOf(stream.item())).toBe("unauthenticated");
});

test("a place that is too old, another tenant's, or lost in a restore begins anew and says so", async () => {
  const other = await house.tenant("other");
  const theirs = await streamOf(other.caller);
  for (const lastEventId of [theirs.last, `msg_${"0".repeat(32)}_1`]) {
    const stream = await streamOf(caller, { lastEventId });
    expect(stream.reset).toBe(true);
    await set(`AFTER-${lastEventId}`);
    expect((await stream.message()).name).toBe(`AFTER-${lastEventId}`);
  }
  const { last } = await streamOf();
  await house.moveClock("29 days 1 hour");
  expect((await streamOf(caller, { lastEventId: last })).reset).toBe(true);
});

test.each([
  ["what is no message's id", { lastEventId: "1" }],
  ["a kind that there is not", { kinds: ["secret.sung"] }],
  ["no kinds", { kinds: [] }],
  ["a field that is not known", { since: "yesterday" }],
])("a stream from %s is refused", async (_, input) => {
  expect(await codeOf(streamOf(caller, input as never))).toBe("bad_input");
});

test("who may stream: readers and operators, of a tenant that is theirs to see", async () => {
  const operator = house.as(house.operatorToken);
  const stream = await streamOf(operator, { tenant: tenant.slug });
  await set("A");
  expect(await stream.names(1)).toEqual(["A"]);
  const stranger = await house.tenant("stranger");
  expect(await codeOf(streamOf(stranger.caller, { tenant: tenant.slug }))).toBe("not_found");
  expect(await codeOf(streamOf(house.as(null)))).toBe("unauthenticated");
  const { token } = await caller.tokens.create({ name: "w", actions: ["secret.set"] });
  expect(await codeOf(streamOf(house.as(token)))).toBe("forbidden");
});

test("opening a stream is an audit event, and so is a refused one", async () => {
  const { token } = await caller.tokens.create({ name: "w", actions: ["secret.set"] });
  await streamOf();
  await codeOf(streamOf(house.as(token)));
  const { events } = await caller.audit.list({});
  expect(events.filter(({ action }) => action === "event.streamed").map(({ outcome }) => outcome)).toEqual([
    "denied",
    "success",
  ]);
});

test("streams are bounded, by process and by token, and their places are given back", async () => {
  const server = await house.another({ streams: { most: 3, perToken: 2, restMs: 10 } });
  const mine = callerOf(server, tenant.token);
  const first = await streamOf(mine);
  await streamOf(mine);
  expect(await codeOf(streamOf(mine))).toBe("busy");
  await first.end();
  await streamOf(mine);
  const { token } = await caller.tokens.create({ name: "t", preset: "reader" });
  await streamOf(callerOf(server, token));
  expect(await codeOf(streamOf(callerOf(server, token)))).toBe("busy");
});

test("a hint wakes a stream that rests", async () => {
  const server = await house.another({ streams: { restMs: 600_000 } });
  const stream = await streamOf(callerOf(server, tenant.token));
  const next = stream.names(1);
  await set("A");
  server.hint(`${tenant.id} 1`);
  expect(await next).toEqual(["A"]);
});

test("streams end when their process stops", async () => {
  const server = await house.another({ streams: { restMs: 600_000 } });
  const stream = await streamOf(callerOf(server, tenant.token));
  const next = stream.item();
  await server.close();
  expect(await next).toBeNull();
});
