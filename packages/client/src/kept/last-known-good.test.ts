import { expect, test } from "vitest";
import {
  createKeyfold,
  type KeptCopyRefused,
  type KeptStore,
  type KeptUse,
  type KeyfoldOptions,
} from "../index.ts";
import { answer, fakeFetch, type Request, refusal, revealed } from "../testing/answers.ts";
import { HandClock } from "../testing/hand-clock.ts";

const VALUE = "sk_test_not_a_real_key";
const HOUR = 3_600_000;

class MemoryStore implements KeptStore {
  readonly copies = new Map<string, Uint8Array>();
  async read(id: string) {
    return this.copies.get(id) ?? null;
  }
  async write(id: string, bytes: Uint8Array) {
    this.copies.set(id, bytes);
  }
  async erase(id: string | null) {
    if (id === null) this.copies.clear();
    else this.copies.delete(id);
  }
}

type Mood = "works" | "is away" | "is slow" | (() => Response);

/** A machine that starts a process after the other: what they keep, its clock, and the server as it is now. */
function machine() {
  const store = new MemoryStore();
  const clock = new HandClock();
  const key = crypto.getRandomValues(new Uint8Array(32));
  const uses: KeptUse[] = [];
  const reconnects: (readonly KeptUse[])[] = [];
  const errors: unknown[] = [];
  const server = { mood: "works" as Mood, value: VALUE, version: 1 };
  const { fetch, requests } = fakeFetch(({ url, input }: Request) => {
    if (server.mood === "is away") throw new TypeError("fetch failed");
    if (server.mood === "is slow") throw new DOMException("too slow", "TimeoutError");
    if (typeof server.mood === "function") return server.mood();
    const one = (name: string) => revealed(name, server.value, { version: server.version });
    if (url.pathname.endsWith("revealMany")) return answer({ secrets: (input.names as string[]).map(one) });
    if (url.pathname.endsWith("consumers.ack")) return answer({});
    return answer(one(input.name as string));
  });
  const start = (given: Partial<KeyfoldOptions> = {}, host = "machine-1", localKey = key) =>
    createKeyfold({
      url: "https://keyfold.test",
      token: "kf_not_a_real_token",
      retries: 0,
      cache: false,
      instance: "process-1",
      fetch,
      clock,
      lastKnownGood: {
        store,
        key: localKey,
        host,
        secrets: ["DB_URL", "OTHER"],
        maxAgeMs: HOUR,
        onUse: (use) => uses.push(use),
        onReconnect: (all) => reconnects.push(all),
        onError: (error) => errors.push(error),
      },
      ...given,
    });
  const reasons = () => errors.map((error) => (error as KeptCopyRefused).reason);
  return { store, clock, server, start, uses, reconnects, errors, reasons, requests };
}

/** A machine whose process has read DB_URL, and ended. */
async function afterARead(given: Partial<KeyfoldOptions> = {}) {
  const it = machine();
  const keyfold = it.start(given);
  await keyfold.tenant("acme").get("DB_URL");
  await keyfold.settled();
  return it;
}
const codeOf = (read: Promise<unknown>) =>
  read.then(
    () => "read",
    (error: { code: string }) => error.code,
  );

test.each<[string, Mood, string]>([
  ["cannot be reached", "is away", "network"],
  ["answers 503", () => refusal("database_unavailable", 503), "database_unavailable"],
  ["fails inside", () => refusal("internal", 500), "internal"],
  ["has a proxy before it that finds nobody", () => new Response("<html>", { status: 502 }), "network"],
])("while the server %s, a process starts with what it last gave, and says so", async (_, mood, because) => {
  const { server, start, uses, clock } = await afterARead();
  const at = clock.now();
  server.mood = mood;
  clock.move(HOUR - 1);
  expect(await start().tenant("acme").get("DB_URL")).toBe(VALUE);
  expect(uses).toEqual([{ tenant: "acme", name: "DB_URL", version: 1, at, useUntil: at + HOUR, because }]);
});

test("what was not opted in, another place and another tenant have no copy", async () => {
  const { server, start, store } = machine();
  const keyfold = start();
  await keyfold.tenant("acme").getMany(["DB_URL", "NOT_OPTED_IN"]);
  await keyfold.settled();
  expect(store.copies.size).toBe(1);
  server.mood = "is away";
  const acme = start().tenant("acme");
  expect(await acme.get("DB_URL")).toBe(VALUE);
  expect(await codeOf(acme.get("NOT_OPTED_IN"))).toBe("network");
  expect(await codeOf(acme.getMany(["DB_URL", "NOT_OPTED_IN"]))).toBe("network");
  expect(await codeOf(acme.environment("prod").get("DB_URL"))).toBe("network");
  expect(await codeOf(start().tenant("globex").get("DB_URL"))).toBe("network");
});

test("a bulk read comes from the copies where all were kept", async () => {
  const { server, start } = machine();
  const keyfold = start();
  await keyfold.tenant("acme").getMany(["DB_URL", "OTHER"]);
  await keyfold.settled();
  server.mood = "is away";
  expect(await start().tenant("acme").getMany(["DB_URL", "OTHER"])).toEqual({ DB_URL: VALUE, OTHER: VALUE });
});

test.each<[string, () => Response, string]>([
  ["401", () => refusal("unauthenticated", 401), "unauthenticated"],
  ["403", () => refusal("forbidden", 403), "forbidden"],
  ["404", () => refusal("not_found", 404), "not_found"],
  ["409, it is empty", () => refusal("secret_empty", 409), "secret_empty"],
  ["410", () => refusal("version_revoked", 410), "version_revoked"],
])("the server's word %s is passed on, and erases the copy", async (_, mood, code) => {
  const { server, start, store, uses } = await afterARead();
  server.mood = mood;
  expect(await codeOf(start().tenant("acme").get("DB_URL"))).toBe(code);
  expect(store.copies.size).toBe(0);
  server.mood = "is away";
  expect(await codeOf(start().tenant("acme").get("DB_URL"))).toBe("network");
  expect(uses).toEqual([]);
});

test.each<[string, () => Response, string]>([
  ["a value that does not decrypt", () => refusal("decryption_failed", 500), "decryption_failed"],
  ["a row that is not authentic", () => refusal("integrity_failed", 500), "integrity_failed"],
  ["too many requests", () => new Response("slow down", { status: 429 }), "network"],
  ["another server", () => new Response("<html>", { status: 404 }), "bad_answer"],
])("%s is no outage: no copy is given out, and none erased", async (_, mood, code) => {
  const { server, start, store } = await afterARead();
  server.mood = mood;
  expect(await codeOf(start().tenant("acme").get("DB_URL"))).toBe(code);
  expect(store.copies.size).toBe(1);
});

test("a copy opens for its token, on its machine, with its key and for its server, and nowhere else", async () => {
  const { server, start, store, uses, reasons } = await afterARead();
  server.mood = "is away";
  const elsewhere = [
    start({ token: "kf_another_token_not_real" }),
    start({ url: "https://keyfold.example" }),
    start({}, "machine-2"),
    start({}, "machine-1", crypto.getRandomValues(new Uint8Array(32))),
  ];
  for (const keyfold of elsewhere) expect(await codeOf(keyfold.tenant("acme").get("DB_URL"))).toBe("network");
  // Also where its name is made to fit.
  const [copy] = store.copies.values();
  const anyName: KeptStore = { read: async () => copy!, write: async () => {}, erase: async () => {} };
  for (const [token, host] of [
    ["kf_another_token_not_real", "machine-1"],
    ["kf_not_a_real_token", "machine-2"],
  ] as const) {
    const { lastKnownGood } = {
      lastKnownGood: { store: anyName, key: new Uint8Array(32), host, secrets: ["DB_URL"] },
    };
    expect(await codeOf(start({ token, lastKnownGood }).tenant("acme").get("DB_URL"))).toBe("network");
  }
  expect(uses).toEqual([]);
  expect(new Set(reasons())).toEqual(new Set(["not_authentic"]));
});

test("a copy that was edited, cut, or moved to another secret's place is refused", async () => {
  const { server, start, store, uses, reasons, errors } = await afterARead();
  const [id, good] = [...store.copies][0]!;
  server.mood = "is away";
  const bad = [new Uint8Array(), good.slice(0, -1), good.slice(0, 20), new TextEncoder().encode("{}")];
  for (let at = 0; at < good.length; at += 7) {
    const edited = good.slice();
    edited[at]! ^= 1;
    bad.push(edited);
  }
  for (const copy of bad) {
    store.copies.set(id, copy);
    expect(await codeOf(start().tenant("acme").get("DB_URL"))).toBe("network");
  }
  expect(errors).toHaveLength(bad.length);
  store.copies.set(id, good);
  const read = store.read.bind(store);
  store.read = () => read(id);
  expect(await codeOf(start().tenant("acme").get("OTHER"))).toBe("network");
  expect(uses).toEqual([]);
  expect(new Set(reasons())).toEqual(new Set(["not_authentic"]));
});

test("another format, one that is too old, and one from the future are refused, each by its name", async () => {
  const { server, start, store, clock, reasons } = await afterARead();
  const [id, good] = [...store.copies][0]!;
  server.mood = "is away";
  const read = () => codeOf(start().tenant("acme").get("DB_URL"));
  const older = good.slice();
  older[4] = 0;
  store.copies.set(id, older);
  expect(await read()).toBe("network");
  store.copies.set(id, good);
  clock.move(HOUR);
  expect(await read()).toBe("network");
  clock.time -= 2 * HOUR;
  expect(await read()).toBe("network");
  expect(reasons()).toEqual(["another_format", "too_old", "from_the_future"]);
});

test("no copy holds a value, a name or the token in the clear", async () => {
  const { store } = await afterARead();
  const [id, copy] = [...store.copies][0]!;
  const text = `${id} ${new TextDecoder("latin1").decode(copy)}`;
  for (const clear of [VALUE, "DB_URL", "acme", "kf_not_a_real_token", "keyfold.test"])
    expect(text).not.toContain(clear);
});

test("after the outage the newest value is read again, the application is told, and so is the server", async () => {
  const { server, start, reconnects, requests, clock } = await afterARead();
  server.mood = "is away";
  const acme = start().tenant("acme");
  for (let i = 0; i < 3; i++) expect(await acme.get("DB_URL")).toBe(VALUE);
  server.mood = "works";
  server.value = "the next one, not real";
  server.version = 2;
  clock.move(5_000);
  expect(await acme.get("DB_URL")).toBe("the next one, not real");
  expect(reconnects.map((uses) => uses.map(({ name, version }) => [name, version]))).toEqual([
    [["DB_URL", 1]],
  ]);
  const told = requests.filter(({ url }) => url.pathname.endsWith("consumers.ack"));
  expect(told.map(({ input }) => input)).toEqual([
    { tenant: "acme", name: "DB_URL", version: 1, instance: "process-1", leaseSeconds: 300 },
  ]);
  await acme.get("DB_URL");
  expect(reconnects).toHaveLength(1);
});

test("while the server is away it is not asked for five seconds, so that a start waits once", async () => {
  const { server, start, requests, clock } = await afterARead();
  server.mood = "is away";
  const before = requests.length;
  const acme = start().tenant("acme");
  for (let i = 0; i < 5; i++) await acme.get("DB_URL");
  expect(requests.length - before).toBe(1);
  clock.move(5_000);
  await acme.get("DB_URL");
  expect(requests.length - before).toBe(2);
  expect(await codeOf(acme.get("DB_URL", { fresh: true }))).toBe("read");
  expect(requests.length - before).toBe(3);
});

test("a store that fails delays and breaks no read, and somebody hears of it", async () => {
  const it = machine();
  it.store.write = async () => {
    throw new Error("the disk is full");
  };
  it.store.read = async () => {
    throw new Error("the disk is gone");
  };
  const keyfold = it.start();
  expect(await keyfold.tenant("acme").get("DB_URL")).toBe(VALUE);
  await keyfold.settled();
  it.server.mood = "is away";
  expect(await codeOf(it.start().tenant("acme").get("DB_URL"))).toBe("network");
  expect(it.errors.map(String)).toEqual(["Error: the disk is full", "Error: the disk is gone"]);
});

test("a key that is too short, and a machine without a name, are refused at once", () => {
  expect(() => machine().start({}, "machine-1", new Uint8Array(16))).toThrow(TypeError);
  expect(() => machine().start({}, "")).toThrow(TypeError);
});
