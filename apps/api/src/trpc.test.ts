import superjson from "superjson";
import { afterAll, beforeAll, expect, test } from "vitest";
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
