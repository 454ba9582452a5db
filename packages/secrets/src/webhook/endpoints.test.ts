import { afterAll, beforeAll, expect, test } from "vitest";
import { type Caller, callerOf, type House, openHouse } from "../testing/house.ts";
import { codeOf, refusalOf } from "../testing/refusal.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.verify().finally(() => house.close()));

const URL_ = "https://hooks.example.com/in";
const fresh = (() => {
  let n = 0;
  return () => house.tenant(`t${++n}`);
})();
const narrowed = async (caller: Caller, environments: [string, ...string[]]) =>
  house.as(
    (await caller.tokens.create({ name: "n", preset: "admin", projects: ["default"], environments })).token,
  );

test("an endpoint shows its signing secret once, and never again", async () => {
  const { caller } = await fresh();
  const { endpoint, secret } = await caller.webhooks.create({ url: URL_, description: "ours" });
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(endpoint).toMatchObject({
    url: URL_,
    description: "ours",
    kinds: null,
    projects: null,
    environments: null,
    prefix: null,
    consumer: null,
    state: "enabled",
    failures: 0,
  });
  const listed = await caller.webhooks.list({});
  expect(listed.endpoints).toEqual([endpoint]);
  expect(JSON.stringify(listed)).not.toContain("whsec_");
});

test("the same creating call again answers the same endpoint, without its signing secret", async () => {
  const { caller } = await fresh();
  const call = { url: URL_, idempotencyKey: "an-idempotency-key" };
  const first = await caller.webhooks.create(call);
  expect(await caller.webhooks.create(call)).toEqual({ ...first, secret: null });
  expect(await codeOf(caller.webhooks.create({ ...call, url: `${URL_}/2` }))).toBe("idempotency_mismatch");
});

test.each([
  ["an address that the transport refuses", { url: "http://hooks.example.com/" }, "url"],
  ["no address", { url: "" }, "url"],
  ["an address too long", { url: `https://hooks.example.com/${"x".repeat(2048)}` }, "url"],
  ["a NUL in its address", { url: "https://hooks.example.com/\0" }, "url"],
  ["a kind that there is not", { url: URL_, kinds: ["secret.sung"] }, "kinds.0"],
  ["no kinds", { url: URL_, kinds: [] }, "kinds"],
  ["no projects", { url: URL_, projects: [] }, "projects"],
  ["a consumer without a name", { url: URL_, consumer: "" }, "consumer"],
  ["an empty prefix", { url: URL_, prefix: "" }, "prefix"],
  ["a prefix too long", { url: URL_, prefix: "x".repeat(256) }, "prefix"],
  ["a lone surrogate", { url: URL_, description: "\ud800" }, "description"],
  [
    "environments by name in no one project",
    { url: URL_, projects: ["default", "shop"], environments: ["dev"] },
    "environments",
  ],
  ["a field that is not known", { url: URL_, secret: "whsec_x" }, ""],
])("%s is refused by name", async (_, input, path) => {
  const { caller } = await fresh();
  await caller.projects.create({ name: "shop" });
  const refusal = await refusalOf(caller.webhooks.create(input as never));
  expect(refusal.code).toBe("bad_input");
  expect(refusal.issues?.[0]?.path).toBe(path);
});

test("places that do not exist, or are out of the caller's reach, look the same", async () => {
  const { caller } = await fresh();
  await caller.environments.create({ project: "default", name: "hidden" });
  const narrow = await narrowed(caller, ["dev"]);
  for (const environments of [["hidden"], ["nowhere"]] as [string][])
    expect(await codeOf(narrow.webhooks.create({ url: URL_, projects: ["default"], environments }))).toBe(
      "not_found",
    );
});

test("nobody sees, changes or replays an endpoint that sees more than they do", async () => {
  const { caller } = await fresh();
  const whole = (await caller.webhooks.create({ url: URL_ })).endpoint;
  const narrow = await narrowed(caller, ["dev"]);
  const own = (await narrow.webhooks.create({ url: URL_ })).endpoint;
  expect((await narrow.webhooks.list({})).endpoints.map(({ id }) => id)).toEqual([own.id]);
  expect((await caller.webhooks.list({})).endpoints).toHaveLength(2);
  const { id } = whole;
  for (const call of [
    () => narrow.webhooks.update({ id, url: URL_ }),
    () => narrow.webhooks.delete({ id }),
    () => narrow.webhooks.rotateSecret({ id }),
    () => narrow.webhooks.test({ id }),
    () => narrow.webhooks.deliveries({ id }),
    () => narrow.webhooks.replay({ id, since: "2026-01-01T00:00:00.000Z" }),
  ])
    expect(await codeOf(call())).toBe("not_found");
  // Another tenant's looks like none.
  const stranger = await fresh();
  expect(await codeOf(stranger.caller.webhooks.deliveries({ id }))).toBe("not_found");
});

test("an endpoint is not widened beyond what its maker could see", async () => {
  const { caller } = await fresh();
  const narrow = await narrowed(caller, ["dev"]);
  const { endpoint } = await narrow.webhooks.create({ url: URL_ });
  const refusal = await refusalOf(
    caller.webhooks.update({ id: endpoint.id, projects: ["default"], environments: ["prod"] }),
  );
  expect(refusal.code).toBe("bad_input");
  const updated = await caller.webhooks.update({ id: endpoint.id, projects: null, environments: null });
  expect(updated.scope).toEqual(endpoint.scope);
});

test("what is not named in an update stays", async () => {
  const { caller } = await fresh();
  const { endpoint } = await caller.webhooks.create({ url: URL_, kinds: ["secret.rotated"], prefix: "a" });
  const { updatedAt: _, ...same } = await caller.webhooks.update({ id: endpoint.id, description: "new" });
  const { updatedAt: __, ...before } = endpoint;
  expect(same).toEqual({ ...before, description: "new" });
  expect(await codeOf(caller.webhooks.update({ id: endpoint.id, url: "http://x.example.com/" }))).toBe(
    "bad_input",
  );
  expect((await caller.webhooks.update({ id: endpoint.id, prefix: null })).prefix).toBeNull();
});

test("a tenant has at most fifty endpoints, however many are made at once", async () => {
  const { caller } = await fresh();
  for (let i = 0; i < 49; i++) await caller.webhooks.create({ url: URL_ });
  const codes = await Promise.all(
    Array.from({ length: 6 }, () => codeOf(caller.webhooks.create({ url: URL_ }))),
  );
  expect(codes.filter((code) => code === "allowed")).toHaveLength(1);
  expect(new Set(codes)).toEqual(new Set(["allowed", "illegal_state"]));
  expect(await codeOf(caller.webhooks.create({ url: URL_ }))).toBe("illegal_state");
  await caller.webhooks.delete({ id: (await caller.webhooks.list({})).endpoints[0]!.id });
  await caller.webhooks.create({ url: URL_ });
});

test.each([
  ["neither messages nor a moment", {}],
  ["both", { messages: [`msg_${"0".repeat(32)}_1`], since: "2026-01-01T00:00:00.000Z" }],
  ["what is no message's id", { messages: ["msg_1"] }],
  ["no messages", { messages: [] }],
  ["what is no moment", { since: "yesterday" }],
])("a replay of %s is refused", async (_, input) => {
  const { caller } = await fresh();
  const { endpoint } = await caller.webhooks.create({ url: URL_ });
  expect(await codeOf(caller.webhooks.replay({ id: endpoint.id, ...input } as never))).toBe("bad_input");
});

test.each([
  "x",
  "bXNn",
  Buffer.from('"msg_00000000000000000000000000000000_1"').toString("base64url"),
  Buffer.from("[1]").toString("base64url"),
])("%s is no cursor of the deliveries", async (cursor) => {
  const { caller } = await fresh();
  const { endpoint } = await caller.webhooks.create({ url: URL_ });
  expect(await codeOf(caller.webhooks.deliveries({ id: endpoint.id, cursor }))).toBe("bad_input");
});

test("deliveries come page by page, newest first, by their state", async () => {
  const { id, caller } = await fresh();
  const { endpoint } = await caller.webhooks.create({ url: URL_ });
  await caller.secrets.setMany({ items: ["A", "B", "C"].map((name) => ({ name, value: "v" })) });
  await caller.secrets.set({ name: "D", value: "v" });
  const dispatcher = house.server.dispatchWebhooks()!;
  await house.transport.count(4);
  await dispatcher.stop();
  const names: (string | null)[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await caller.webhooks.deliveries({ id: endpoint.id, limit: 2, ...(cursor && { cursor }) });
    names.push(...page.deliveries.map(({ name }) => name));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  expect(names).toEqual(["D", "C", "B", "A"]);
  expect((await caller.webhooks.deliveries({ id: endpoint.id, state: "dead" })).deliveries).toEqual([]);
  expect(
    await house.sql("SELECT 1 FROM control_plane.webhook_deliveries WHERE tenant_id = $1", [id]),
  ).toHaveLength(4);
});

test("where no way to send was given, making an endpoint is refused and says so", async () => {
  const { token } = await fresh();
  const server = await house.another({ webhooks: undefined as never });
  const refusal = await refusalOf(callerOf(server, token).webhooks.create({ url: URL_ }));
  expect(refusal).toMatchObject({
    code: "illegal_state",
    message: expect.stringContaining("sends no webhooks"),
  });
  expect(server.dispatchWebhooks()).toBeNull();
});
