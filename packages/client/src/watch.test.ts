import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Undeclared } from "./declare.ts";
import type { Fetch } from "./fetch.ts";
import { createKeyfold, isKeyfoldError, type Watch, type WatchOptions } from "./index.ts";
import type { Tenant } from "./tenant.ts";

let served: Served;
const watches: Watch[] = [];
beforeAll(async () => {
  served = await serveHouse({ house: { streams: { restMs: 10 } } });
});
afterEach(() => {
  for (const one of watches.splice(0)) one.stop();
});
afterAll(() => served.close());

/** What was told, to be waited for in order. */
class Told<T> {
  readonly all: T[] = [];
  #waiting: (() => void)[] = [];
  readonly push = (one: T): void => {
    this.all.push(one);
    for (const done of this.#waiting.splice(0)) done();
  };

  async until(is: (all: readonly T[]) => boolean): Promise<void> {
    while (!is(this.all)) await new Promise<void>((done) => void this.#waiting.push(done));
  }
}

function watching(acme: Tenant<Undeclared>, name: string, options: WatchOptions = {}) {
  const values = new Told<string>();
  const errors = new Told<unknown>();
  watches.push(acme.watch(name, (value) => values.push(value), { onError: errors.push, ...options }));
  return { values, errors };
}

const codes = (errors: readonly unknown[]) =>
  errors.map((error) => (isKeyfoldError(error) ? error.code : String(error)));

async function open(slug: string, fetch?: Fetch) {
  const { token, caller } = await served.house.tenant(slug);
  const keyfold = createKeyfold({ url: served.url, token, ...(fetch ? { fetch } : {}) });
  return { token, caller, keyfold, acme: keyfold.tenant(slug) };
}

test("a watch tells the value that is current, and each one after it", async () => {
  const { acme, caller } = await open("each");
  await caller.secrets.set({ name: "DB_URL", value: "first, not real" });
  const { values } = watching(acme, "DB_URL");
  await values.until((all) => all.length === 1);
  await caller.secrets.set({ name: "DB_URL", value: "second, not real" });
  await values.until((all) => all.length === 2);
  await caller.secrets.set({ name: "DB_URL", value: "second, not real" }); // the same: nothing to tell
  await caller.secrets.set({ name: "OTHER", value: "x" });
  await caller.secrets.rollBack({ name: "DB_URL", to: 1 });
  await values.until((all) => all.length === 3);
  expect(values.all).toEqual(["first, not real", "second, not real", "first, not real"]);
});

test("once onChange has returned, the version is acknowledged, by each process; a grace ends with the last one", async () => {
  const { caller } = await open("acks");
  const { id } = await caller.secrets.create({
    name: "K",
    value: "1",
    gracePolicy: "acknowledgement",
  });
  const { token } = await caller.tokens.create({ name: "api", preset: "reader", consumerName: "api" });
  const process = (instance: string) =>
    createKeyfold({ url: served.url, token: token!, instance }).tenant("acks");
  const uses = async () => (await caller.secrets.blastRadius({ id })).consumers[0]?.uses;
  let broken = false;
  const errors = new Told<unknown>();
  const a = watching(process("a"), "K");
  const seen: string[] = [];
  const onChange = (value: string) => {
    if (broken) throw new Error("not applied");
    seen.push(value);
  };
  watches.push(process("b").watch("K", onChange, { onError: errors.push }));
  await vi.waitFor(
    async () => expect(await uses()).toEqual([{ version: 1, instances: 2, acknowledged: 2 }]),
    { timeout: 25_000 },
  );
  broken = true;
  await caller.secrets.set({ name: "K", value: "2" });
  await a.values.until((all) => all.length === 2);
  await errors.until((all) => all.length > 0);
  // One has moved; the other has only read the new value.
  await vi.waitFor(
    async () =>
      expect(await uses()).toEqual([
        { version: 2, instances: 1, acknowledged: 1 },
        { version: 1, instances: 1, acknowledged: 1 },
      ]),
    { timeout: 25_000 },
  );
  expect((await caller.versions.list({ id })).versions.at(-1)!.state).toBe("grace");
  broken = false;
  await caller.secrets.set({ name: "K", value: "3" });
  await vi.waitFor(
    async () => expect(await uses()).toEqual([{ version: 3, instances: 2, acknowledged: 2 }]),
    { timeout: 25_000 },
  );
  // Of two that are last together neither may have seen the other; the sweep has.
  await served.house.server.jobs.find(({ name }) => name === "graces.settle")!.run();
  expect((await caller.versions.list({ id })).versions.map(({ state }) => state)).toEqual([
    "current",
    "destroyed",
    "destroyed",
  ]);
  expect([seen, a.errors.all]).toEqual([["1", "3"], []]);
  // Who stops watching is waited for no more.
  for (const one of watches.splice(0)) one.stop();
  await vi.waitFor(async () => expect(await uses()).toEqual([]), { timeout: 25_000 });
});

test("whoever may not acknowledge, or does not want to, watches all the same, and hears of it once", async () => {
  const { caller } = await open("mute");
  await caller.secrets.create({ name: "K", value: "1" });
  const { token } = await caller.tokens.create({
    name: "t",
    actions: ["secret.reveal", "secret.get", "event.stream"],
  });
  const refused = watching(createKeyfold({ url: served.url, token: token! }).tenant(), "K", { pollMs: 20 });
  await refused.errors.until((all) => all.length === 1);
  const { token: reader } = await caller.tokens.create({ name: "quiet", preset: "reader" });
  const quiet = watching(createKeyfold({ url: served.url, token: reader! }).tenant(), "K", {
    acknowledge: false,
  });
  for (const value of ["2", "3"]) {
    await caller.secrets.set({ name: "K", value });
    for (const { values } of [refused, quiet]) await values.until((all) => all.at(-1) === value);
  }
  expect(codes(refused.errors.all)).toEqual(["forbidden"]);
  const { events } = await caller.audit.list({ limit: 500 });
  const acks = events.filter(({ action }) => action === "consumer.acknowledged");
  expect(acks.filter(({ outcome }) => outcome !== "denied")).toEqual([]);
});

test("what a watch's stream hears of leaves the cache at once", async () => {
  const { acme, caller } = await open("cached");
  await caller.secrets.setMany({ items: ["A", "B"].map((name) => ({ name, value: "old" })) });
  const { values } = watching(acme, "A");
  await values.until((all) => all.length === 1);
  // The stream is there once it told of something.
  await caller.secrets.set({ name: "A", value: "mid" });
  await values.until((all) => all.at(-1) === "mid");
  expect(await acme.get("B")).toBe("old");
  await caller.secrets.setMany({ items: ["B", "A"].map((name) => ({ name, value: "new" })) });
  await values.until((all) => all.at(-1) === "new");
  expect(await acme.get("B")).toBe("new");
});

test("a watch waits for a secret that is not there yet, and hears of one that comes by another name", async () => {
  const { acme, caller } = await open("later");
  const { values, errors } = watching(acme, "LATER");
  await errors.until((all) => codes(all).includes("not_found"));
  await caller.secrets.set({ name: "LATER", value: "here, not real" });
  await values.until((all) => all.length === 1);
  await caller.secrets.delete({ name: "LATER" });
  await caller.secrets.set({ name: "ELSEWHERE", value: "renamed, not real" });
  await caller.secrets.update({ name: "ELSEWHERE", rename: "LATER" });
  await values.until((all) => all.length === 2);
  expect(values.all).toEqual(["here, not real", "renamed, not real"]);
});

test("what changed while the connection was down is told when it is back", async () => {
  let down = false;
  const streams = new Set<AbortController>();
  const flaky: Fetch = async (url, init) => {
    if (down) throw new TypeError("fetch failed");
    if (!String(url).includes("events.stream")) return fetch(url, init);
    const cut = new AbortController();
    streams.add(cut);
    return fetch(url, { ...init, signal: AbortSignal.any([cut.signal, init!.signal!]) });
  };
  const { acme, caller } = await open("flaky", flaky);
  await caller.secrets.set({ name: "K", value: "1" });
  const { values, errors } = watching(acme, "K");
  await values.until((all) => all.length === 1);
  await caller.secrets.set({ name: "K", value: "2" });
  await values.until((all) => all.length === 2);
  down = true;
  for (const stream of streams) stream.abort();
  await errors.until((all) => codes(all).includes("network"));
  await caller.secrets.set({ name: "K", value: "3" });
  await caller.secrets.set({ name: "K", value: "4" });
  down = false;
  await values.until((all) => all.at(-1) === "4");
});

test("where no stream can be had, a watch asks, and reads a value only when there is another", async () => {
  const { caller } = await open("polled");
  await caller.secrets.set({ name: "K", value: "1" });
  const { token } = await caller.tokens.create({ name: "t", actions: ["secret.reveal", "secret.get"] });
  const { values, errors } = watching(createKeyfold({ url: served.url, token: token! }).tenant(), "K", {
    pollMs: 20,
  });
  await errors.until((all) => codes(all).includes("forbidden"));
  await values.until((all) => all.length === 1);
  await caller.secrets.set({ name: "K", value: "2" });
  await values.until((all) => all.length === 2);
  const { events } = await caller.audit.list({ limit: 500 });
  expect(events.filter(({ action }) => action === "secret.accessed")).toHaveLength(2);
});

test("an onChange that throws is told, and called again", async () => {
  const { acme, caller } = await open("throws");
  await caller.secrets.set({ name: "K", value: "1" });
  const values = new Told<string>();
  const errors = new Told<unknown>();
  let broken = true;
  watches.push(
    acme.watch(
      "K",
      (value) => {
        values.push(value);
        if (broken) throw new Error("the pool could not be made");
      },
      { onError: errors.push },
    ),
  );
  await errors.until((all) => codes(all).includes("Error: the pool could not be made"));
  broken = false;
  await caller.secrets.set({ name: "K", value: "2" });
  await values.until((all) => all.at(-1) === "2");
});

test("a token that ends is told, and a stopped watch tells nothing more", async () => {
  const { caller } = await open("ends");
  await caller.secrets.set({ name: "K", value: "1" });
  const { token, details } = await caller.tokens.create({ name: "t", preset: "reader" });
  const keyfold = createKeyfold({ url: served.url, token: token! });
  const first = watching(keyfold.tenant(), "K");
  const second = watching(keyfold.tenant(), "K");
  await first.values.until((all) => all.length === 1);
  await second.values.until((all) => all.length === 1);
  watches[0]!.stop();
  await caller.secrets.set({ name: "K", value: "2" });
  await second.values.until((all) => all.length === 2);
  expect(first.values.all).toEqual(["1"]);
  await caller.tokens.revoke({ id: details.id });
  await second.errors.until((all) => codes(all).includes("unauthenticated"));
  expect(first.errors.all).toEqual([]);
});
