import { makeOperator, PASSWORD } from "@keyfold/secrets/testing";
import { Hono } from "hono";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Served, serveHouse } from "../../testing/index.ts";
import { trpcCall } from "../../testing/trpc-call.ts";
import type { AppEnv, Facts } from "../facts.ts";
import { refusalOf } from "../problem.ts";
import { type CallLimitOptions, CallLimits } from "./call-limits.ts";
import { GuessLimit } from "./guess-limit.ts";
import { valuesAskedFor } from "./reveals.ts";
import { postgresGuesses } from "./shared-guesses.ts";

let served: Served;
beforeAll(async () => {
  served = await serveHouse({ limits: { token: 3, user: null, tenant: 6, ip: null } });
});
afterAll(() => served.close());

async function tokens(slug: string, count: number) {
  const { token, caller } = await served.house.tenant(slug);
  const made = [token];
  while (made.length < count) made.push((await caller.tokens.create({ name: "t", preset: "admin" })).token!);
  return made;
}
const identity = (token: string) => served.call("/api/identity", { token });
/** So many calls in one turn: statuses by how often. */
async function burst(count: number, call: (n: number) => ReturnType<typeof identity>) {
  const answers = await Promise.all(Array.from({ length: count }, (_, n) => call(n)));
  const refused = answers.filter((answer) => answer.status === 429);
  return { let: answers.length - refused.length, refused };
}

test("a token that sends more than its limit waits, by name and for so many seconds, and other tenants' go on", async () => {
  const [greedy] = await tokens("greedy", 1);
  const [modest] = await tokens("modest", 1);
  for (const token of [greedy!, modest!]) expect((await identity(token)).status).toBe(200);
  const { refused } = await burst(40, () => identity(greedy!));
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]!.json).toMatchObject({ code: "too_many_calls", status: 429 });
  expect(Number(refused[0]!.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  expect((await identity(modest!)).status).toBe(200);
  expect((await served.call("/healthz")).status).toBe(200);
  // The next second it is let in again.
  await vi.waitFor(async () => expect((await identity(greedy!)).status).toBe(200), { timeout: 10_000 });
  const trpc = await burst(40, () => served.call("/trpc/identity.get", { token: greedy! }));
  expect(trpc.refused.length).toBeGreaterThan(0);
});

test("the tokens of one tenant have one limit together", async () => {
  const many = await tokens("many", 10);
  for (const token of many) await identity(token);
  // Each of ten well below its own.
  const { refused } = await burst(40, (n) => identity(many[n % many.length]!));
  expect(refused.length).toBeGreaterThan(0);
});

test("an address has one limit for whatever it asks for, signing in and people's pages too; a person has one, wherever they are", async () => {
  const strict = await serveHouse({
    guesses: new GuessLimit({ most: 1000 }),
    limits: { token: null, user: 4, tenant: null, ip: null },
  });
  const stricter = await serveHouse({ limits: { token: null, user: null, tenant: null, ip: 4 } });
  const headers = { "x-keyfold": "panel" };
  try {
    for (const path of [
      "/api/identity",
      "/session",
      "/session/factor",
      "/people/forgot",
      "/people/links/look",
    ]) {
      const { refused } = await burst(40, () => stricter.call(path, { body: {}, headers }));
      expect(refused.length, path).toBeGreaterThan(0);
      expect(refused[0]!.json.code).toBe("too_many_calls");
    }
    await makeOperator(strict.house.server, "ada@example.com");
    const signedIn = await strict.call("/session", {
      body: { email: "ada@example.com", password: PASSWORD },
      headers,
    });
    const cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!;
    const ask = (path: string) => strict.call(path, { headers: { ...headers, cookie } });
    expect((await ask("/api/identity")).status).toBe(200);
    for (const path of ["/api/identity", "/people/me/sessions"])
      expect((await burst(40, () => ask(path))).refused.length, path).toBeGreaterThan(0);
  } finally {
    await strict.close();
    await stricter.close();
  }
});

test("reveals have a limit of their own, which counts values: other calls go on, and so do other tokens", async () => {
  const strict = await serveHouse({
    limits: {
      ...{ token: null, user: null, tenant: null, ip: null },
      reveals: { token: 1, user: null, tenant: null },
    },
  });
  try {
    const { token, caller } = await strict.house.tenant("hoard");
    const other = (await caller.tokens.create({ name: "t", preset: "reader" })).token!;
    const names = Array.from({ length: 20 }, (_, n) => `K${n}`);
    await caller.secrets.setMany({ items: names.map((name) => ({ name, value: "not a real value" })) });
    for (const one of [token, other]) await strict.call("/api/identity", { token: one });
    const rest = () => strict.call("/api/reveal?name=K0", { token });
    const trpc = () => trpcCall(strict, "query", "secrets.reveal", { name: "K0" }, token);
    for (const reveal of [rest, trpc]) {
      const { refused } = await burst(40, reveal);
      expect(refused.length).toBeGreaterThan(0);
      expect(Number(refused[0]!.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    }
    const free = () => strict.call("/api/secrets", { token });
    expect((await burst(40, free)).refused.length).toBe(0);
    expect((await strict.call("/api/reveal?name=K0", { token: other })).status).toBe(200);
    // Twenty values at once are twenty seconds' worth.
    const all = () => strict.call("/api/secrets/bulk-get", { token, body: { names } });
    await vi.waitFor(async () => expect((await all()).status).toBe(200), { timeout: 10_000 });
    const next = await rest();
    expect([next.status, next.json.code]).toEqual([429, "too_many_calls"]);
    expect((await free()).status).toBe(200);
  } finally {
    await strict.close();
  }
});

/** Callers by their tokens, without a network and at a time that stands still: what a status costs, to the point. */
async function asked(
  options: CallLimitOptions,
  calls: readonly [status: number, values?: number, authorization?: string][],
) {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
  try {
    const limits = new CallLimits(options);
    const app = new Hono<AppEnv>();
    let next: readonly [number, number?, string?] = [200];
    app.use((c, go) => {
      const actor = { type: "service_token", id: "t", tenant: "a" };
      c.set("facts", { origin: { ip: "192.0.2.1" }, actor, uncountedReveals: 0 } as unknown as Facts);
      return go();
    });
    app.onError((error, c) => {
      const { code, headers } = refusalOf(error);
      return c.text(code, 429, headers);
    });
    app.use(limits.middleware());
    app.get("/", async (c) => {
      await limits.takeReveals(c, next[1] ?? 0);
      return c.text("", next[0] as 200);
    });
    const answers: (number | string)[] = [];
    for (next of [[200] as const, ...calls]) {
      const answer = await app.request("/", { headers: { authorization: next[2] ?? "Bearer fake" } });
      answers.push(answer.status === 429 ? `wait ${answer.headers.get("retry-after")}` : answer.status);
    }
    return answers.slice(1);
  } finally {
    vi.useRealTimers();
  }
}
const none = { token: null, user: null, tenant: null, ip: null };

test("a call that is refused counts for five; one that fails otherwise, for one", async () => {
  for (const refused of [401, 403, 404])
    expect(await asked({ ...none, token: 7 }, [[refused], [200], [200], [200]])).toEqual([
      ...[refused, 200, 200, "wait 1"],
    ]);
  for (const other of [200, 400, 409, 500])
    expect(await asked({ ...none, token: 7 }, [[other], [200], [200], [200], [200]])).toEqual([
      ...[other, 200, 200, 200, 200],
    ]);
  // The first call, whose token nobody knew, counts for its address too.
  expect(await asked({ ...none, ip: 7 }, [[404], [200], [200]])).toEqual([404, 200, "wait 1"]);
});

test.each(["token", "tenant"] as const)(
  "a %s that asks for many values at once is answered, and waits for what they were worth",
  async (kind) => {
    const reveals = { token: null, user: null, tenant: null, [kind]: 10 };
    const of = (...calls: [number, number?][]) => asked({ ...none, reveals }, calls);
    expect(await of([200, 10], [200, 1], [200])).toEqual([200, "wait 1", 200]);
    expect(await of([200, 95], [200, 1], [200])).toEqual([200, "wait 10", 200]);
    expect(await of([200, 1], [200, 1], [200, 1])).toEqual([200, 200, 200]);
  },
);

test("a token is known however its header is spelt", async () => {
  const others = ["bearer fake", "BEARER    fake", "bEarer  fake"];
  const calls = others.map((header): [number, number, string] => [200, 1, header]);
  const refused = ["wait 1", "wait 1", "wait 1"];
  expect(await asked({ ...none, token: 1 }, [[200], ...calls])).toEqual([200, ...refused]);
  const reveals = { token: 1, user: null, tenant: null };
  expect(await asked({ ...none, reveals }, [[200, 1], ...calls])).toEqual([200, ...refused]);
});

test("who comes with a session or a token of theirs that is new gets no values past the limit either", async () => {
  const reveals = { token: 10, user: null, tenant: 10 };
  const fresh = (values: number, name: string): [number, number, string] => [200, values, `Bearer ${name}`];
  const answers = asked({ ...none, reveals }, [
    fresh(95, "a"),
    fresh(1, "b"),
    fresh(0, "c"),
    fresh(500, "d"),
  ]);
  expect(await answers).toEqual([200, "wait 10", 200, "wait 10"]);
});

test("values are counted in whichever list they are, and when a link takes them out", () => {
  const names = ["A", "B"];
  const of = (action: "secret.reveal" | "link.share" | "secret.list", input: unknown) =>
    valuesAskedFor({ action }, input);
  expect(of("secret.reveal", { names })).toBe(2);
  // One of them may be said to be undefined, beside the input.
  expect(of("secret.reveal", { names: [], items: names })).toBe(2);
  expect(of("secret.reveal", undefined)).toBe(1);
  expect(of("link.share", { name: "A", value: "not a real value" })).toBe(1);
  expect(of("link.share", { value: "not a real value" })).toBe(0);
  expect(of("secret.list", { names })).toBe(0);
});

test("with nothing configured, whoever is let in is let in as often as they like", async () => {
  const free = await serveHouse();
  try {
    const { token } = await free.house.tenant("free");
    const { refused } = await burst(40, () => free.call("/api/identity", { token }));
    expect(refused.length).toBe(0);
  } finally {
    await free.close();
  }
});

test("an address that guesses at one process waits at another once it guesses there, too", async () => {
  const shared = postgresGuesses(served.house.db, { most: 10, windowMs: 600_000 });
  const [one, other] = [0, 1].map(() => new GuessLimit({ most: 10, shared, windowMs: 600_000 })) as [
    GuessLimit,
    GuessLimit,
  ];
  const rows = () =>
    served.house.sql<{ points: number }>(
      "SELECT points FROM control_plane.guess_counts WHERE key = 'guess:192.0.2.7'",
    );
  for (let n = 0; n < 10; n++) one.failed("192.0.2.7", `guess ${n}`);
  await vi.waitFor(async () => expect(await rows()).toMatchObject([{ points: 10 }]), { timeout: 10_000 });
  expect(other.waitOf("192.0.2.7", "x")).toBe(0);
  other.failed("192.0.2.7", "guess");
  await vi.waitFor(() => expect(other.waitOf("192.0.2.7", "x")).toBeGreaterThan(0), { timeout: 10_000 });
  // One that was good a moment ago goes on.
  other.succeeded("good");
  expect(other.waitOf("192.0.2.7", "good")).toBe(0);
  expect(other.waitOf("192.0.2.8", "x")).toBe(0);
});

test("without a database each process counts by itself", async () => {
  const shared = { failed: () => Promise.reject(new Error("away")) };
  const guesses = new GuessLimit({ most: 2, shared });
  for (let n = 0; n < 2; n++) guesses.failed("192.0.2.9", `guess ${n}`);
  expect(guesses.waitOf("192.0.2.9", "x")).toBeGreaterThan(0);
});
