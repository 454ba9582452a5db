import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { callRaw, type RawCall, type Served, serveHouse } from "../testing/index.ts";
import { hotReads } from "./reads.ts";

let served: Served;
let token: string;
let id: string;
const invokeWarm = vi.fn();
beforeAll(async () => {
  served = await serveHouse({
    checkHost: true,
    server: async (house) => {
      const server = await house.another();
      invokeWarm.mockImplementation(server.invokeWarm);
      return { ...server, invokeWarm };
    },
  });
  ({ token } = await served.house.tenant("hot"));
  const made = await served.call("/api/secrets", { token, body: { name: "a/B", value: "not_a_real_value" } });
  id = made.json.id;
});
afterAll(() => served.close());

const raw = (path: string, headers: RawCall["headers"] = {}) => callRaw(served.url, { path, token, headers });

const input = (json: object) => encodeURIComponent(JSON.stringify({ json }));
const ways = (): string[] => [
  `/api/secrets/${id}`,
  "/api/reveal?name=a/B",
  "/api/reveal?name=a%2FB&project=default&environment=dev",
  `/trpc/secrets.reveal?input=${input({ id })}`,
  "/api/secrets?limit=100",
  `/trpc/secrets.list?input=${input({ limit: 100 })}`,
  `/trpc/secrets.reveal?batch=1&input=${encodeURIComponent(JSON.stringify({ 0: { json: { id } } }))}`,
];

test("a warm read's answer is the app's own, header for header and byte for byte", async () => {
  for (const way of ways()) {
    invokeWarm.mockResolvedValueOnce(null);
    const throughApp = await raw(way);
    invokeWarm.mockClear();
    const atOnce = await raw(way);
    const warm = await invokeWarm.mock.results[0]?.value;
    expect(warm, way).toMatchObject(
      way.includes("secrets?") || way.includes(".list?")
        ? { secrets: [{ id }] }
        : { id, value: "not_a_real_value" },
    );
    expect(atOnce, way).toEqual(throughApp);
    expect(atOnce.status).toBe(200);
  }
});

test("a value of any text comes out of memory as it went in", async () => {
  const { token } = await served.house.tenant("texts");
  for (const [i, value] of ["clé", "ключ ✓", "🔑 and \ud83d\udd11", "\u0000\u007f\u0080\u00ff"].entries()) {
    const made = await served.call("/api/secrets", { token, body: { name: `TEXT_${i}`, value } });
    const asked = { path: `/api/secrets/${made.json.id}`, token };
    await callRaw(served.url, asked);
    invokeWarm.mockClear();
    const warm = await callRaw(served.url, asked);
    expect(await invokeWarm.mock.results[0]?.value).toBeTruthy();
    expect(JSON.parse(warm.body).value).toBe(value);
    expect(Number(warm.headers["content-length"])).toBe(Buffer.byteLength(warm.body));
  }
});

test("a warm read is logged, counted and audited like any other", async () => {
  await raw(`/api/secrets/${id}`);
  await raw(`/api/secrets/${id}`, { "x-correlation-id": "warm-correlation-id" });
  const line = served.lines.find((one) => one.includes("warm-correlation-id"));
  expect(JSON.parse(line!)).toMatchObject({ route: "/api/secrets/:id", status: 200, method: "GET" });
  const { json } = await served.call("/api/audit?action=secret.accessed&limit=1", { token });
  expect(json.events[0]).toMatchObject({
    correlation_id: "warm-correlation-id",
    outcome: "success",
    actor: { name: expect.any(String) },
  });
});

test("what is no plain read by a token goes to the app, which says what is wrong with it", async () => {
  for (const [path, headers, status] of [
    [`/api/secrets/${id}`, { authorization: "" }, 401],
    [`/api/secrets/${id}`, { authorization: `Basic ${token}` }, 401],
    [`/api/secrets/${id}`, { "keyfold-instance": "no such name" }, 400],
    [`/api/secrets/${id}`, { "idempotency-key": "k".repeat(20) }, 400],
    [`/api/secrets/${id}?unknown=1`, {}, 400],
    [`/api/reveal?name=a/B&name=a/B`, {}, 400],
    [`/api/reveal?name=%ff`, {}, 404],
    [`/trpc/secrets.reveal?input=${input({ id, more: 1 })}`, {}, 400],
    [`/trpc/secrets.reveal?input={`, {}, 400],
  ] as const) {
    const answer = await raw(path, headers);
    expect([path, answer.status]).toEqual([path, status]);
  }
});

test("from memory, too, nothing is answered under another's host name, nor to two credentials at once", async () => {
  await raw(`/api/secrets/${id}`);
  invokeWarm.mockClear();
  // A page that points its own name at this machine (DNS rebinding).
  const rebound = await raw(`/api/secrets/${id}`, { host: "attacker.example" });
  expect([rebound.status, JSON.parse(rebound.body).code]).toEqual([421, "wrong_host"]);
  const twice = await raw(`/api/secrets/${id}`, { authorization: [`Bearer ${token}`, "Bearer not_a_token"] });
  expect([twice.status, JSON.parse(twice.body).code]).toEqual([401, "unauthenticated"]);
  expect(invokeWarm).not.toHaveBeenCalled();
});

test("a warm read that fails is answered once, in the words of its way in, and reads nothing again", async () => {
  const { KeyfoldError } = await import("@keyfold/secrets");
  for (const way of ways()) {
    invokeWarm.mockClear();
    invokeWarm.mockRejectedValueOnce(new KeyfoldError("audit_unavailable"));
    const answer = await raw(way);
    expect([answer.status, answer.headers["x-correlation-id"]]).toEqual([503, "the-same-id"]);
    expect(answer.body).toContain("audit_unavailable");
    expect(answer.body).not.toContain("not_a_real_value");
    expect(invokeWarm).toHaveBeenCalledOnce();
  }
});

test("a revoked token is refused by the read after it, and one that was never good by its first", async () => {
  const made = await served.call("/api/tokens", { token, body: { name: "short", preset: "reader" } });
  const bearer = { authorization: `Bearer ${made.json.token}` };
  expect((await raw(`/api/secrets/${id}`, bearer)).status).toBe(200);
  expect((await raw(`/api/secrets/${id}`, bearer)).status).toBe(200);
  await served.call(`/api/tokens/${made.json.details.id}`, { method: "DELETE", token });
  expect((await raw(`/api/secrets/${id}`, bearer)).status).toBe(401);
  expect((await raw(`/api/secrets/${id}`, { authorization: `Bearer ${"kf_".padEnd(52, "x")}` })).status).toBe(
    401,
  );
});

test("only the plain spellings are read here", () => {
  const readOf = hotReads();
  const uuid = "0b7ab4a0-6a3c-4bb2-9c3b-6a7f1c2d3e4f";
  expect(readOf(`/api/secrets/${uuid}`)).toMatchObject({ route: "/api/secrets/:id", input: { id: uuid } });
  expect(readOf("/api/reveal?name=x%2Fy")).toMatchObject({ input: { name: "x/y" } });
  for (const url of [
    `/api/secrets/${uuid}/metadata`,
    `/api/secrets/${uuid}/`,
    "/api/secrets/compare",
    "/api/reveal?name=a+b",
    "/api/reveal?name",
    "/trpc/secrets.reveal",
    "/trpc/secrets.set?input=%7B%7D",
    "/trpc/secrets.reveal,secrets.reveal?batch=1&input=%7B%7D",
    "/trpc/secrets.reveal?batch=1&input=%7B%220%22%3A%7B%7D%2C%221%22%3A%7B%7D%7D",
    `/trpc/secrets.reveal?batch=1&input=${encodeURIComponent(JSON.stringify([{ json: { id: uuid } }]))}`,
    `http://elsewhere.example/api/secrets/${uuid}`,
    `/api/secrets/${uuid}?${"x".repeat(3_000)}`,
    // What the verb does not take.
    "/api/reveal?name=x//y",
    "/api/secrets?limit=0",
    `/trpc/secrets.reveal?input=${input({ id: uuid, more: 1 })}`,
  ])
    expect(readOf(url), url).toBe(null);
});

test("an address is read once, what it asks for is nobody's to change, and few addresses are remembered", () => {
  const readOf = hotReads();
  const urls = ["/api/reveal?name=x", `/trpc/secrets.list?input=${input({ limit: 5 })}`];
  const first = urls.map(readOf);
  expect(urls.map(readOf)).toEqual(first);
  for (const [i, url] of urls.entries()) {
    expect(readOf(url)).toBe(first[i]);
    expect(Object.isFrozen(first[i]!.input)).toBe(true);
  }
  expect(readOf("/api/reveal?name=y")).not.toBe(first[0]);
  const long = `/api/reveal?name=${"x".repeat(255)}`;
  expect(readOf(long)).not.toBe(readOf(long));
  for (let i = 0; i < 1_000; i++) readOf(`/api/reveal?name=y${i}`);
  expect(readOf(urls[0]!)).not.toBe(first[0]);
  expect(readOf(urls[0]!)).toEqual({ ...first[0], written: expect.any(Function) });
});
