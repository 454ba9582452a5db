import superjson from "superjson";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BulkGate } from "./http/limits/bulk-gate.ts";
import { type Served, serveHouse } from "./testing/index.ts";
import { trpcCall } from "./testing/trpc-call.ts";

const VALUE = "sk_test_not_a_real_key";

let served: Served;
let token: string;
beforeAll(async () => {
  served = await serveHouse();
  token = (await served.house.tenant("acme")).token;
});
afterAll(() => served.close());

const query = (path: string, input: unknown, as: string | null = token) =>
  trpcCall(served, "query", path, input, as);
const mutation = (path: string, input: unknown, as: string | null = token) =>
  trpcCall(served, "mutation", path, input, as);

test("the router's procedures stand at the root, and superjson reads what they answer", async () => {
  const set = await mutation("secrets.set", { name: "A", value: VALUE });
  expect(set.status).toBe(200);
  expect(superjson.deserialize(set.json.result.data)).toMatchObject({
    changed: true,
    secret: { name: "A", version: 1 },
  });
  const { json } = await query("secrets.reveal", { name: "A" });
  expect(superjson.deserialize(json.result.data)).toMatchObject({ value: VALUE, version: 1 });
});

test("what superjson says of types is understood: an undefined field is one that is not given", async () => {
  const body = superjson.serialize({ name: "UNDEFINED", value: VALUE, reason: undefined });
  const answer = await served.call("/trpc/secrets.create", { token, body });
  expect(answer.status).toBe(200);
});

test("regression: superjson ran on what anyone sent, before the token was looked at, in time that grew with its square", async () => {
  const names = Array.from({ length: 100 }, (_, i) => `n${i}`);
  const body = {
    json: { name: "A", value: VALUE, x: names },
    meta: { values: { x: ["set"] }, referentialEqualities: { x: names.map((_, i) => `x.${i}`) }, v: 1 },
  };
  const answer = await served.call("/trpc/secrets.create", { token, body });
  expect(answer.status).toBe(400);
  expect(answer.json.error.json.data.keyfold).toMatchObject({
    code: "bad_input",
    issues: [{ path: "meta" }],
  });
});

test("an error has our code, our sentence and the correlation id, and nothing of tRPC's or anyone's message", async () => {
  const answer = await served.call("/trpc/secrets.create", {
    token,
    body: { json: { name: "x".repeat(256), value: VALUE } },
    headers: { "x-correlation-id": "caller-0002" },
  });
  expect(answer.status).toBe(400);
  expect(superjson.deserialize(answer.json.error)).toEqual({
    code: -32600,
    message: "The request is not valid.",
    data: {
      code: "BAD_REQUEST",
      httpStatus: 400,
      keyfold: {
        code: "bad_input",
        message: "The request is not valid.",
        issues: [{ path: "name", message: "is longer than 255 characters" }],
        correlationId: "caller-0002",
      },
    },
  });
});

test("statuses that tRPC has no name for arrive all the same", async () => {
  const { json } = await mutation("secrets.create", { name: "REVOKED", value: VALUE });
  const { id } = json.result.data.json;
  await mutation("secrets.rotate", { id, value: `${VALUE}_2` });
  await mutation("versions.revoke", { id, version: 1, reason: "test" });
  const answer = await query("versions.reveal", { id, version: 1 });
  expect(answer.status).toBe(410);
  expect(answer.json.error.json.data.keyfold.code).toBe("version_revoked");
});

test.each([
  ["/trpc/secrets.nothing", undefined, 404, "no_route"],
  ["/trpc/__proto__", undefined, 404, "no_route"],
  ["/trpc/secrets.reveal%ff?input={}", undefined, 400, "bad_input"],
  ["/trpc/secrets.create", undefined, 405, "method_not_allowed"],
  [`/trpc/secrets.create`, `{"json":{"name":"A","value":"${VALUE}"`, 400, "bad_input"],
  [
    `/trpc/secrets.reveal?input=${encodeURIComponent(`{"json":{"name":"${VALUE}`)}`,
    undefined,
    400,
    "bad_input",
  ],
  [
    "/trpc/secrets.create",
    { json: { name: "A" }, meta: { values: { "__proto__.x": ["Date"] } } },
    400,
    "bad_input",
  ],
  ["/trpc/secrets.create", '{"json":{"name":"A","tags":{"__proto__":{}}}}', 400, "bad_input"],
  ["/trpc/secrets.create", `${'{"json":'.repeat(40)}1${"}".repeat(40)}`, 400, "bad_input"],
  ["/trpc/secrets.create,secrets.reveal?batch=1", { 0: { json: {} } }, 400, "bad_input"],
  ["/trpc/secrets.create?batch=1", "[]", 400, "bad_input"],
  ["/trpc/secrets.create?batch=1", "1", 400, "bad_input"],
])("%s with %j is %i %s, and nothing of it comes back", async (path, body, status, code) => {
  const answer = await served.call(path, { token, body });
  expect(answer.status).toBe(status);
  const error = Array.isArray(answer.json) ? answer.json[0].error.json : answer.json.error.json;
  expect(error.data.keyfold).toMatchObject({ code, correlationId: answer.headers.get("x-correlation-id") });
  expect(answer.text).not.toContain("sk_test");
  expect(served.lines.join("")).not.toContain("sk_test");
});

test("a batch holds at most fifty calls", async () => {
  const batch = (calls: number) =>
    served.call(`/trpc/${Array(calls).fill("identity.get").join(",")}?batch=1`, { token });
  const most = await batch(50);
  expect([most.status, most.json.length]).toEqual([200, 50]);
  const more = await batch(51);
  expect(more.status).toBe(400);
  expect(more.text).toContain("holds more than 50 calls");
});

test("a query whose input is too long for an address comes by POST", async () => {
  const items = Array.from({ length: 300 }, (_, i) => ({ name: `LONG/${"x".repeat(200)}/${i}`, value: "v" }));
  expect((await mutation("secrets.setMany", { items })).status).toBe(200);
  const got = await mutation("secrets.revealMany", { names: items.map((item) => item.name) });
  expect(got.json.result.data.json.secrets).toHaveLength(300);
});

test("a mutation does not run by GET, where a link could start it", async () => {
  const answer = await query("secrets.create", { name: "BY_GET", value: "v" });
  expect([answer.status, answer.json.error.json.data.keyfold.code]).toEqual([405, "method_not_allowed"]);
  const missing = await query("secrets.get", { name: "BY_GET" });
  expect(missing.json.error.json.data.keyfold.code).toBe("not_found");
});

test("a tag named constructor comes back over tRPC, too", async () => {
  const created = await mutation("secrets.create", {
    name: "TAGGED",
    value: "v",
    tags: { constructor: "c" },
  });
  expect(created.json.result.data.json.tags).toEqual(Object.fromEntries([["constructor", "c"]]));
});

test("no token is 401, told once for a whole batch, which is how clients take it", async () => {
  const answer = await served.call("/trpc/identity.get,identity.get?batch=1");
  expect(answer.status).toBe(401);
  expect(answer.json.error.json.data.keyfold.code).toBe("unauthenticated");
});

test.each([
  "secrets.revealMany,secrets.revealMany",
  "secrets.revealMany,identity.get,secrets.setMany",
  "secrets.revealMany,secrets.revealMany/",
  "secrets.revealMany%2Csecrets.revealMany",
])(
  "regression: a small batch of many bulk reads (%s) took 700 MB: it holds one bulk call at most",
  async (paths) => {
    const input = encodeURIComponent(JSON.stringify({ 0: { json: { names: ["A"] } } }));
    const answer = await served.call(`/trpc/${paths}?batch=1&input=${input}`, { token });
    expect(answer.status).toBe(400);
    expect(answer.json.error.json.data.keyfold).toMatchObject({
      code: "bad_input",
      issues: [{ path: "batch", message: expect.stringContaining("more than one bulk call") }],
    });
  },
);

test("one bulk call goes in a batch with others", async () => {
  await mutation("secrets.set", { name: "BATCHED", value: VALUE });
  const input = { 0: { json: { names: ["BATCHED"] } } };
  const path = `/trpc/secrets.revealMany,identity.get?batch=1&input=${encodeURIComponent(JSON.stringify(input))}`;
  const { status, json } = await served.call(path, { token });
  expect([status, json[0].result.data.json.secrets[0].value]).toEqual([200, VALUE]);
});

test("regression: however many bulk answers are asked for, few are built at once, and the rest are told to come back", async () => {
  const full = await serveHouse({ gate: new BulkGate({ atOnce: 0, mostWaiting: 0 }) });
  const { token: as } = await full.house.tenant("acme");
  const many = Array(9).fill("secrets.reveal").join(",");
  for (const path of ["secrets.revealMany", `${many}?batch=1`]) {
    const answer = await full.call(`/trpc/${path}`, { token: as });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(answer.json.error.json.data).toMatchObject({ httpStatus: 503, keyfold: { code: "busy" } });
  }
  for (const [method, path, body] of [
    ["POST", "/api/secrets/bulk-get", { names: ["A"] }],
    ["PUT", "/api/secrets/bulk", { items: [{ name: "A", value: VALUE }] }],
  ] as const) {
    const answer = await full.call(path, { method, token: as, body });
    expect([answer.status, answer.json.code, answer.headers.get("retry-after")]).toEqual([503, "busy", "1"]);
  }
  expect((await full.call("/trpc/identity.get", { token: as })).status).toBe(200);
  await full.close();
});

test("regression: a body was read and parsed before it was asked whether there is a credential at all", async () => {
  const cut = await served.call("/trpc/secrets.create", { body: '{"json":{' });
  expect([cut.status, cut.json.error.json.data.keyfold.code]).toEqual([401, "unauthenticated"]);
  const asked = await served.call("/trpc/secrets.reveal?input=%7B");
  expect([asked.status, asked.json.error.json.data.keyfold.code]).toEqual([401, "unauthenticated"]);
  const rest = await served.call("/api/secrets", { body: '{"name":' });
  expect([rest.status, rest.json.code]).toEqual([401, "unauthenticated"]);
});
