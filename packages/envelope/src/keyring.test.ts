import { inspect } from "node:util";
import { expect, test } from "vitest";
import { SecretKey } from "./key.ts";
import { createKeyring, type Keyring, type KeyringOptions } from "./keyring.ts";

/** A keyring on a clock that the test moves, and a loader that counts. */
function setUp(options: KeyringOptions = {}) {
  const time = { now: 0 };
  const keyring = createKeyring({ clock: () => time.now, ...options });
  const loads: string[] = [];
  const get = (cacheKey: string) =>
    keyring.get(cacheKey, async () => {
      loads.push(cacheKey);
      return SecretKey.generate();
    });
  return { keyring, time, loads, get };
}

/** A load that ends when the test says so. */
function heldLoad() {
  const { promise, resolve, reject } = Promise.withResolvers<SecretKey>();
  return { load: () => promise, resolve, reject };
}

test("a key is loaded once and then given from memory", async () => {
  const { get, loads } = setUp();
  expect(await get("a")).toBe(await get("a"));
  expect(loads).toEqual(["a"]);
});

test("a key is loaded again five minutes after it was loaded, however often it was used meanwhile", async () => {
  const { get, loads, time } = setUp();
  await get("a");
  for (const minutes of [1, 2, 3, 4, 5]) {
    time.now = minutes * 60_000;
    await get("a");
  }
  expect(loads).toHaveLength(1);
  time.now += 1;
  await get("a");
  expect(loads).toHaveLength(2);
});

test("age and number can be configured, and the least recently used key goes first", async () => {
  const { get, loads, time, keyring } = setUp({ max: 2, ttlMs: 10 });
  await get("a");
  await get("b");
  await get("a");
  await get("c");
  expect(keyring.size).toBe(2);
  await get("a");
  expect(loads).toEqual(["a", "b", "c"]);
  await get("b");
  expect(loads).toEqual(["a", "b", "c", "b"]);
  time.now = 11;
  await get("b");
  expect(loads).toEqual(["a", "b", "c", "b", "b"]);
});

test("ten thousand keys are kept unless another number is given", async () => {
  const { get, keyring } = setUp();
  for (let n = 0; n < 10_010; n++) await get(`key-${n}`);
  expect(keyring.size).toBe(10_000);
});

test("many who ask at once share one load, and one key", async () => {
  const { keyring } = setUp();
  const { load, resolve } = heldLoad();
  let loads = 0;
  const counted = () => {
    loads++;
    return load();
  };
  const all = Promise.all(Array.from({ length: 20 }, () => keyring.get("a", counted)));
  resolve(SecretKey.generate());
  expect(new Set(await all).size).toBe(1);
  expect(loads).toBe(1);
});

test("a load that fails tells all who shared it and is not remembered", async () => {
  const { keyring, get, loads } = setUp();
  const { load, reject } = heldLoad();
  const both = Promise.allSettled([keyring.get("a", load), keyring.get("a", load)]);
  reject(new Error("down"));
  expect((await both).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  const throwing = () => {
    throw new Error("at once");
  };
  await expect(keyring.get("a", throwing)).rejects.toThrow("at once");
  await get("a");
  expect(loads).toEqual(["a"]);
});

test("dropping a prefix forgets those keys and no others", async () => {
  const { get, loads, keyring } = setUp();
  for (const cacheKey of ["t1/1", "t1/2", "t10/1"]) await get(cacheKey);
  keyring.drop("t1/");
  for (const cacheKey of ["t1/1", "t1/2", "t10/1"]) await get(cacheKey);
  expect(loads).toEqual(["t1/1", "t1/2", "t10/1", "t1/1", "t1/2"]);
});

// Without this, a tenant that is shredded while its key is being unwrapped would have that key back for five minutes.
test.each([
  ["dropped", (keyring: Keyring) => keyring.drop("t1/")],
  ["cleared", (keyring: Keyring) => keyring.clear()],
])("a key that is %s while it is being loaded is not kept", async (_, forget) => {
  const { keyring, get, loads } = setUp();
  const { load, resolve } = heldLoad();
  const asked = keyring.get("t1/1", load);
  forget(keyring);
  const fresh = await get("t1/1");
  resolve(SecretKey.generate());
  expect(await asked).not.toBe(fresh);
  expect(await get("t1/1")).toBe(fresh);
  expect(loads).toEqual(["t1/1"]);
});

test("clearing forgets everything", async () => {
  const { get, loads, keyring } = setUp();
  await get("a");
  keyring.clear();
  expect(keyring.size).toBe(0);
  await get("a");
  expect(loads).toEqual(["a", "a"]);
});

test("a keyring prints as [redacted]", async () => {
  const { keyring, get } = setUp();
  await get("a");
  expect(inspect(keyring)).toBe("[redacted]");
  expect(JSON.stringify(keyring)).toBe('"[redacted]"');
});

test("what is too old leaves memory when it is swept, though nobody asks for it again", async () => {
  const time = { now: 0 };
  const keyring = createKeyring({ clock: () => time.now, ttlMs: 1000 });
  await keyring.get("a", async () => SecretKey.generate());
  time.now = 999;
  keyring.sweep();
  expect(keyring.size).toBe(1);
  time.now = 1001;
  keyring.sweep();
  expect(keyring.size).toBe(0);
});
