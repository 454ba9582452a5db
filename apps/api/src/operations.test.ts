import { afterAll, beforeAll, expect, test } from "vitest";
import { parseProxies } from "./config/trusted-proxies.ts";
import { GuessLimit } from "./http/limits/guess-limit.ts";
import { type Served, serveHouse } from "./testing/index.ts";

let served: Served;
let token: string;
beforeAll(async () => {
  served = await serveHouse({
    trustedProxies: parseProxies("127.0.0.1"),
    guesses: new GuessLimit({ most: 2 }),
  });
  token = (await served.house.tenant("acme")).token;
});
afterAll(() => served.close());

const REMOTE = { "x-forwarded-for": "203.0.113.9" };

test("/healthz says that the process answers, /readyz that it can serve, to this machine with what was looked at", async () => {
  expect((await served.call("/healthz")).json).toEqual({ status: "alive" });
  expect((await served.call("/readyz")).json).toEqual({
    status: "ready",
    checks: { database: [], migrations: [], role: [], rootKey: [] },
    jobs: served.house.server.jobs.map(({ name }) => ({
      name,
      started_at: null,
      finished_at: null,
      problem: null,
      overdue: false,
    })),
  });
  expect((await served.call("/readyz", { headers: REMOTE })).json).toEqual({ status: "ready" });
});

test("a missing migration makes it not ready, and the operator reads which", async () => {
  const { readiness } = await brokenReadiness();
  const other = await serveHouse();
  const { createApp } = await import("./app.ts");
  const { createLog } = await import("./observe/log.ts");
  const { createMetrics } = await import("./observe/metrics.ts");
  const app = createApp({
    keyfold: other.house.server,
    log: createLog({ level: "silent", destination: { write() {} } }),
    metrics: createMetrics({ process: false }),
    readiness,
  });
  const answer = await app.request("/readyz", {
    headers: { authorization: `Bearer ${other.house.operatorToken}` },
  });
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({
    code: "not_ready",
    errors: [{ path: "migrations", message: expect.stringContaining("20990101000000_next") }],
  });
  const stranger = await app.request("/readyz");
  expect(await stranger.json()).not.toHaveProperty("errors");
  await other.close();
});

async function brokenReadiness() {
  const { migrationProblems } = await import("./health.ts");
  const migrations = migrationProblems({ missing: ["20990101000000_next"], ahead: [] });
  return { readiness: async () => ({ database: [], migrations, role: [], rootKey: [] }) };
}

test("A7: /metrics shows the time that seal, open, wrap and unwrap take, and requests by route template", async () => {
  const { json } = await served.call("/api/secrets", {
    token,
    body: { name: "MEASURED", value: "not_a_real_value" },
  });
  await served.call(`/api/secrets/${json.id}`, { token });
  const { text } = await served.call("/metrics");
  for (const operation of ["seal", "open", "wrap", "unwrap"])
    expect(text).toMatch(new RegExp(`keyfold_envelope_seconds_count\\{operation="${operation}"\\} [1-9]`));
  expect(text).toContain(
    'keyfold_http_request_seconds_count{method="GET",route="/api/secrets/:id",status="200"} 1',
  );
  expect(text).not.toContain(json.id);
});

test("/metrics is for this machine and for operators", async () => {
  const refused = await served.call("/metrics", { headers: REMOTE });
  expect([refused.status, refused.json.code]).toEqual([403, "local_only"]);
  expect((await served.call("/metrics", { token, headers: REMOTE })).json.code).toBe("local_only");
  const shown = await served.call("/metrics", { token: served.house.operatorToken, headers: REMOTE });
  expect(shown.text).toContain("keyfold_pool_connections");
});

test("C7: an address that guesses tokens has to wait, while a token that works goes on, and refusals are counted", async () => {
  const from = { "x-forwarded-for": "198.51.100.77" };
  await served.call("/api/identity", { token, headers: from });
  const guess = (i: number) =>
    served.call("/api/identity", { token: `not-a-real-token-${i}`.padEnd(40, "x"), headers: from });
  expect((await guess(1)).status).toBe(401);
  expect((await guess(2)).status).toBe(401);
  const third = await guess(3);
  expect([third.status, third.json.code]).toEqual([429, "too_many_guesses"]);
  expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await served.call("/api/identity", { token, headers: from })).status).toBe(200);
  expect((await served.call("/metrics")).text).toMatch(/keyfold_refused_authentications_total [2-9]/);
});

test("regression: a batch with one wrong token counted as many guesses as it had calls", async () => {
  const from = { "x-forwarded-for": "198.51.100.78" };
  const refused = async () =>
    Number(
      /^keyfold_refused_authentications_total (\d+)$/m.exec((await served.call("/metrics")).text)?.[1] ?? 0,
    );
  const before = await refused();
  const wrong = "not-a-real-token-in-a-batch".padEnd(40, "x");
  const batch = `/trpc/${Array(10).fill("identity.get").join(",")}?batch=1`;
  expect((await served.call(batch, { token: wrong, headers: from })).status).toBe(401);
  expect(await refused()).toBe(before + 1);
  // Two guesses are allowed here, and this is the second.
  expect((await served.call("/api/identity", { token: wrong, headers: from })).status).toBe(401);
  expect((await served.call("/api/identity", { token: wrong, headers: from })).status).toBe(429);
});

test("regression: /metrics and /readyz told strangers everything who came through a proxy on this machine", async () => {
  for (const name of ["x-real-ip", "via", "forwarded", "x-forwarded-host", "x-forwarded-proto"]) {
    const headers = { [name]: "203.0.113.9" };
    expect([name, (await served.call("/metrics", { headers })).status]).toEqual([name, 403]);
    expect((await served.call("/readyz", { headers })).json).toEqual({ status: "ready" });
  }
});

test("a server on the loopback address answers under loopback names only", async () => {
  const local = await serveHouse({ checkHost: true });
  const { request } = await import("node:http");
  const ask = (host: string) =>
    new Promise<number>((resolve, reject) => {
      request(
        { port: Number(new URL(local.url).port), host: "127.0.0.1", path: "/healthz", headers: { host } },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        },
      )
        .on("error", reject)
        .end();
    });
  expect(await ask("localhost:4400")).toBe(200);
  expect(await ask("[::1]:4400")).toBe(200);
  expect(await ask("rebound.example:4400")).toBe(421);
  expect(await ask("localhost.rebound.example")).toBe(421);
  await local.close();
});

test("the log tells method, route template, status, time, correlation id and actor, and no address", async () => {
  const secret = await served.call("/api/secrets", {
    token,
    body: { name: "LOGGED_NAME", value: "not_a_real_value" },
  });
  await served.call("/api/reveal?name=LOGGED_NAME", {
    token,
    headers: { "x-correlation-id": "logged-0001" },
  });
  const line = served.lines
    .map((each) => JSON.parse(each))
    .find((each) => each.correlationId === "logged-0001");
  expect(line).toEqual({
    level: "info",
    time: expect.any(String),
    method: "GET",
    route: "/api/reveal",
    status: 200,
    ms: expect.any(Number),
    correlationId: "logged-0001",
    actor: expect.stringMatching(/^[0-9a-f-]{36}$/),
    msg: "answered",
  });
  expect(secret.status).toBe(201);
  expect(served.lines.join("")).not.toContain("LOGGED_NAME");
});
