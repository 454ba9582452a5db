import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { createKeyfold, isKeyfoldError } from "./index.ts";
import { HandClock } from "./testing/hand-clock.ts";

let served: Served;
beforeAll(async () => {
  served = await serveHouse({ house: { streams: { restMs: 10 } } });
});
afterEach(() => served.house.moveClock("0"));
afterAll(() => served.close());

let sequence = 0;
/** A tenant with one secret whose graces end by acknowledgement, and two processes of one consumer. */
async function open() {
  const slug = `use-${++sequence}`;
  const { caller } = await served.house.tenant(slug);
  const { id } = await caller.secrets.create({
    name: "DB_URL",
    value: "one",
    gracePolicy: "acknowledgement",
  });
  const { token } = await caller.tokens.create({
    name: "api",
    preset: "reader",
    consumerName: "api",
    consumerKind: "service",
  });
  const clock = new HandClock();
  const process = (instance: string) =>
    createKeyfold({ url: served.url, token: token!, instance, clock }).tenant(slug);
  const uses = async () => {
    await served.house.server.flush();
    return (await caller.secrets.blastRadius({ id })).uses.map(({ version, instances }) => [
      version,
      instances,
    ]);
  };
  const first = async () => (await caller.versions.list({ id })).versions.at(-1)!;
  return { id, caller, token: token!, clock, process, uses, first };
}

test("a value is acknowledged once it was applied, by each process, and the grace ends with the last one", async () => {
  const { id, caller, process, uses, first } = await open();
  const seen: [string, string, number][] = [];
  const start = (name: string) =>
    process(name).use("DB_URL", (value, { version }) => void seen.push([name, value, version]), {
      everyMs: false,
    });
  const [a, b] = [await start("a"), await start("b")];
  expect(await uses()).toEqual([[1, 2]]);
  await caller.secrets.rotate({ id, value: "two" });
  await a.refresh();
  await a.refresh(); // the same version is not applied twice
  expect([a.version, b.version]).toEqual([2, 1]);
  expect(await uses()).toEqual([
    [2, 1],
    [1, 1],
  ]);
  expect((await first()).state).toBe("grace");
  await b.refresh();
  expect((await first()).state).toBe("destroyed");
  expect(seen).toEqual([
    ["a", "one", 1],
    ["b", "one", 1],
    ["a", "two", 2],
    ["b", "two", 2],
  ]);
  await a.stop();
  await a.stop();
  expect(await uses()).toEqual([[2, 1]]);
});

test("what was read and could not be applied is not acknowledged, and is tried again", async () => {
  const { id, caller, clock, process, uses, first } = await open();
  const errors: unknown[] = [];
  const broken = new Error("the pool refuses it");
  let fails = false;
  const inUse = await process("a").use(
    "DB_URL",
    () => {
      if (fails) throw broken;
    },
    { everyMs: 1000, onError: (error) => void errors.push(error) },
  );
  await caller.secrets.rotate({ id, value: "two" });
  fails = true;
  clock.move(1000); // it looks by itself; asked meanwhile, it is the same look
  await expect(inUse.refresh()).rejects.toBe(broken);
  expect(inUse.version).toBe(1);
  expect(await uses()).toEqual([[1, 1]]);
  expect((await first()).state).toBe("grace");
  fails = false;
  await inUse.refresh();
  expect([inUse.version, await uses(), (await first()).state]).toEqual([2, [[2, 1]], "destroyed"]);
  expect(errors).toEqual([broken]);
  await inUse.stop();
});

test("the first value that cannot be read or applied ends the use with what it failed with", async () => {
  const { process, uses } = await open();
  const broken = new Error("not this one");
  await expect(process("a").use("DB_URL", () => Promise.reject(broken))).rejects.toBe(broken);
  const missing = await process("a")
    .use("NONE", () => {})
    .catch((error: unknown) => error);
  expect(isKeyfoldError(missing, "not_found")).toBe(true);
  expect(await uses()).toEqual([[1, 1]]); // it has read it
});

test("where acknowledging is refused the value is used all the same, and somebody hears of it", async () => {
  const { caller } = await open();
  const { token } = await caller.tokens.create({ name: "old", actions: ["secret.reveal"] });
  const errors: unknown[] = [];
  const seen: string[] = [];
  const inUse = await createKeyfold({ url: served.url, token: token!, retries: 0 })
    .tenant()
    .use("DB_URL", (value) => void seen.push(value), {
      everyMs: false,
      onError: (error) => void errors.push(error),
    });
  expect(seen).toEqual(["one"]);
  expect(errors.map((error) => isKeyfoldError(error, "forbidden"))).toEqual([true]);
  await inUse.stop();
});

test("a process that names itself by what is no name is refused before anything is sent", () => {
  for (const instance of ["", "a b", "x".repeat(65)])
    expect(() =>
      createKeyfold({ url: "http://127.0.0.1:1", token: "kf_not_a_real_token", instance }),
    ).toThrow(TypeError);
});

test("with the stream a rotation is applied and acknowledged within a moment, and nobody asks", async () => {
  const { id, caller, process, uses, first } = await open();
  const seen: [string, string][] = [];
  const start = (name: string) =>
    process(name).use("DB_URL", (value) => void seen.push([name, value]), { everyMs: false, stream: true });
  const [a, b] = await Promise.all([start("a"), start("b")]);
  await caller.secrets.rotate({ id, value: "two" });
  await vi.waitFor(async () => expect(await uses()).toEqual([[2, 2]]), { timeout: 25_000 });
  expect([a.version, b.version]).toEqual([2, 2]);
  // Of two that are last together neither may have seen the other; the sweep has.
  await served.house.server.jobs.find(({ name }) => name === "graces.settle")!.run();
  expect((await first()).state).toBe("destroyed");
  await b.stop();
  await caller.secrets.rotate({ id, value: "three" });
  await vi.waitFor(() => expect(seen).toContainEqual(["a", "three"]), { timeout: 25_000 });
  expect(seen).not.toContainEqual(["b", "three"]);
  await a.stop();
});

test("where no stream can be had it is told, and the value is used all the same", async () => {
  const { caller } = await open();
  const actions = ["secret.reveal", "secret.get", "consumer.ack"] as const;
  const { token } = await caller.tokens.create({ name: "no stream", actions: [...actions] });
  const errors: unknown[] = [];
  const inUse = await createKeyfold({ url: served.url, token: token! })
    .tenant()
    .use("DB_URL", () => {}, {
      everyMs: false,
      stream: true,
      onError: (error) => void errors.push(error),
    });
  await vi.waitFor(() => expect(errors).toHaveLength(1), { timeout: 25_000 });
  expect(isKeyfoldError(errors[0], "forbidden")).toBe(true);
  expect(inUse.version).toBe(1);
  await inUse.stop();
});
