import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { requestInfo } from "@keyfold/secrets";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type Counted, countedOf, noteCounted } from "../http/limits/call-limits.ts";
import { HttpError } from "../http/problem.ts";
import { createLog } from "../observe/log.ts";
import { createMetrics } from "../observe/metrics.ts";
import { callRaw, type RawCall, type Served, serveHouse } from "../testing/index.ts";
import { createHotDoor } from "./door.ts";
import { createLimitDoor } from "./limit-door.ts";

let served: Served;
const invokeWarm = vi.fn();
beforeAll(async () => {
  served = await serveHouse({
    limits: {
      ...{ token: 1, user: null, tenant: null, ip: null },
      reveals: { token: null, user: null, tenant: 1000 },
    },
    server: async (house) => {
      const server = await house.another();
      invokeWarm.mockImplementation(server.invokeWarm);
      return { ...server, invokeWarm };
    },
  });
});
afterAll(() => served.close());
afterEach(() => vi.restoreAllMocks());

const raw = (call: RawCall) => callRaw(served.url, call);

/** What the app reads in another way than the door goes to the app. */
const THROUGH_APP = { "x-twice": ["1", "2"] };

async function reader(slug: string): Promise<{ token: string; path: string }> {
  const { token, caller } = await served.house.tenant(slug);
  await caller.secrets.set({ name: "K", value: "not a real value" });
  return { token, path: "/api/reveal?name=K" };
}

test("who is past their limit is refused before the app, with the app's own answer", async () => {
  const { token, path } = await reader("past");
  await raw({ path, token });
  vi.spyOn(RateLimiterMemory.prototype, "consume").mockImplementation(
    () => Promise.reject(refusedFor(2_500)) as never,
  );
  for (const call of [
    { path, token },
    { path: "/api/identity", token },
    { path: "/trpc/identity.get", token },
    { path: "/api/secrets", token, body: "{}", headers: { "content-type": "application/json" } },
  ]) {
    const atOnce = await raw(call);
    expect(atOnce).toMatchObject({ status: 429, headers: { "retry-after": "3" } });
    expect(JSON.parse(atOnce.body)).toMatchObject({
      code: "too_many_calls",
      correlation_id: "the-same-id",
    });
    const throughApp = await raw({ ...call, headers: { ...call.headers, ...THROUGH_APP } });
    expect(atOnce, call.path).toEqual(throughApp);
  }
  const line = served.lines.filter((one) => one.includes("the-same-id")).at(-1)!;
  expect(JSON.parse(line)).toMatchObject({ status: 429, code: "too_many_calls" });
});

test("a call is counted once, whoever answers it, and so is each value", async () => {
  const { token, path } = await reader("once");
  await raw({ path, token });
  const json = { "content-type": "application/json" };
  for (const call of [
    { path, token },
    { path, token, headers: THROUGH_APP },
    { path: `${path}&project=default`, token }, // not read yet: the app's, after the door
    { path: "/api/reveal?name=NONE", token },
    { path: "/api/identity", token },
    { path: "/api/secrets", token, body: '{"name":"L","value":"not real"}', headers: json },
    { path: "/api/secrets", token, body: '{"name":"M","value":"not real"}', headers: json, chunked: true },
  ]) {
    const consume = vi
      .spyOn(RateLimiterMemory.prototype, "consume")
      .mockImplementation(() => Promise.resolve() as never);
    await raw(call);
    const values = call.path.startsWith("/api/reveal") ? 1 : 0;
    expect(consume, call.path).toHaveBeenCalledTimes(1 + values);
    consume.mockRestore();
  }
});

test("where calls are limited, warm reads go the fast way all the same", async () => {
  const { token, path } = await reader("fast");
  vi.spyOn(RateLimiterMemory.prototype, "consume").mockImplementation(() => Promise.resolve() as never);
  const cold = await raw({ path, token });
  invokeWarm.mockClear();
  expect(await raw({ path, token })).toEqual(cold);
  expect(await invokeWarm.mock.results[0]!.value).toMatchObject({ value: "not a real value" });
});

test("values past the limit of reveals are refused as the app refuses them, and nothing is read for it", async () => {
  const { token, path } = await reader("values");
  await raw({ path, token });
  await raw({ path, token });
  vi.spyOn(RateLimiterMemory.prototype, "consume").mockImplementation(function (this: RateLimiterMemory) {
    return (this.keyPrefix === "token" ? Promise.resolve() : Promise.reject(refusedFor(900))) as never;
  });
  invokeWarm.mockClear();
  const atOnce = await raw({ path, token });
  expect(atOnce).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
  expect(invokeWarm).not.toHaveBeenCalled();
  expect(atOnce).toEqual(await raw({ path, token, headers: THROUGH_APP }));
});

test("the app is not asked for who is refused, and is told of everybody else what they were counted as", async () => {
  const counted: Counted = { credential: "c", known: undefined, keys: [], values: false };
  const take = vi.fn().mockResolvedValueOnce(counted).mockRejectedValueOnce(new HttpError("too_many_calls"));
  const app = vi.fn((request: IncomingMessage, response: ServerResponse) => {
    expect(countedOf(request)).toBe(counted);
    response.end();
  });
  const door = createLimitDoor({ ...stubs, limits: { take } });
  expect(await statuses(door(app), 2)).toEqual([200, 429]);
  expect(app).toHaveBeenCalledOnce();
});

test("whose credential is not remembered goes to the app, which remembers it, however warm the read is", async () => {
  const counted: Counted = { credential: "c", known: undefined, keys: [], values: false };
  const keyfold = { invokeWarm: vi.fn().mockResolvedValue({ id: "x" }) };
  const callers = { hotRequestOf: () => requestInfo({ ip: null }) };
  const takeValues = vi.fn().mockResolvedValue(true);
  const reads = createHotDoor({ ...stubs, keyfold, callers, limits: { takeValues } });
  const app = vi.fn((_: IncomingMessage, response: ServerResponse) => void response.end());
  const listener: RequestListener = (request, response) => {
    noteCounted(request, counted);
    reads(app)(request, response);
  };
  await statuses(listener, 1);
  expect(app).toHaveBeenCalledOnce();
  expect(keyfold.invokeWarm).not.toHaveBeenCalled();
});

const stubs = {
  ...{ publicUrl: null, trustedProxies: null, checkHost: false },
  log: createLog({ level: "silent", destination: { write() {} } }),
  metrics: createMetrics({ process: false }),
};

/** What so many reads get from a server of this listener alone. */
async function statuses(listener: RequestListener, count: number): Promise<number[]> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  try {
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/reveal?name=K`;
    const answers: number[] = [];
    while (answers.length < count) answers.push((await fetch(url)).status);
    return answers;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** What the limiter says of somebody who has to wait so many milliseconds. */
function refusedFor(ms: number): RateLimiterRes {
  return new RateLimiterRes(0, ms);
}
