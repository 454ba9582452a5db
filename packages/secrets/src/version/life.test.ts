import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Caller, callerOf, type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
let tenantId: string;
let caller: Caller;
let sequence = 0;

beforeAll(async () => {
  house = await openHouse();
  ({ id: tenantId, caller } = await house.tenant("acme"));
});
afterEach(() => house.moveClock("0"));
afterAll(() => house.close());

/** A fresh secret with so many versions: "value 1", "value 2" … */
async function secret(versions = 1, graceSeconds?: number) {
  const name = `SECRET_${++sequence}`;
  const { id } = await caller.secrets.create({ name, value: "value 1", graceSeconds });
  for (let n = 2; n <= versions; n++) await caller.secrets.rotate({ id, value: `value ${n}` });
  return { id, name };
}

const numbers = async (id: string) =>
  (await caller.versions.list({ id })).versions.map((v) => [v.version, v.state]);

test("setting a new name creates it, another value makes a version, the identical value changes nothing", async () => {
  const name = "SET";
  const first = await caller.secrets.set({ name, value: "one" });
  expect([first.changed, first.secret.version]).toEqual([true, 1]);
  const second = await caller.secrets.set({ name, value: "two" });
  expect([second.changed, second.secret.version, second.secret.id]).toEqual([true, 2, first.secret.id]);
  const same = await caller.secrets.set({ name, value: "two" });
  expect([same.changed, same.secret.version, same.secret.generation]).toEqual([
    false,
    2,
    second.secret.generation,
  ]);
  expect(await numbers(first.secret.id)).toEqual([
    [2, "current"],
    [1, "grace"],
  ]);
  // An older value is another one.
  expect((await caller.secrets.set({ name, value: "one" })).secret.version).toBe(3);
});

test("who may write and not read never learns that a value is the same: it always makes a version", async () => {
  const { token } = await caller.tokens.create({
    name: "write-only",
    actions: ["secret.set", "secret.rotate", "secret.create"],
  });
  const writer = house.as(token);
  const { id, name } = await secret();
  expect(await writer.secrets.set({ name, value: "value 1" })).toMatchObject({
    changed: true,
    secret: { version: 2 },
  });
  expect(await writer.secrets.rotate({ id, value: "value 1" })).toMatchObject({
    changed: true,
    secret: { version: 3 },
  });
  expect(await writer.secrets.setMany({ items: [{ name, value: "value 1" }] })).toMatchObject({
    results: [{ changed: true, secret: { version: 4 } }],
  });
  expect(await codeOf(writer.secrets.reveal({ id }))).toBe("forbidden");
});

test("every write takes an expected version, and a wrong one changes nothing", async () => {
  const { id, name } = await secret(2);
  const before = await caller.secrets.get({ id });
  const wrong = { expectedVersion: 1 };
  const value = "never stored";
  for (const outcome of await Promise.all(
    [
      caller.secrets.set({ name, value, ...wrong }),
      caller.secrets.setMany({ items: [{ name, value, ...wrong }] }),
      caller.secrets.rotate({ id, value, ...wrong }),
      caller.secrets.rollBack({ id, to: 1, ...wrong }),
      caller.secrets.delete({ id, ...wrong }),
      caller.secrets.update({ id, description: "x", expectedGeneration: before.generation - 1 }),
      caller.secrets.set({ name: "NONE_YET", value, ...wrong }),
      caller.secrets.set({ name, value, expectedVersion: 0 }),
    ].map(codeOf),
  ))
    expect(outcome).toBe("version_mismatch");
  expect(await caller.secrets.get({ id })).toEqual(before);
  expect(await codeOf(caller.secrets.get({ name: "NONE_YET" }))).toBe("not_found");
  const right = { expectedVersion: 2 };
  expect((await caller.secrets.set({ name, value: "value 3", ...right })).secret.version).toBe(3);
  expect((await caller.secrets.rotate({ id, value: "value 4", expectedVersion: 3 })).secret.version).toBe(4);
  expect((await caller.secrets.rollBack({ id, to: 1, expectedVersion: 4 })).secret.version).toBe(5);
  expect((await caller.secrets.set({ name: "NEW_ONE", value, expectedVersion: 0 })).secret.version).toBe(1);
  expect((await caller.secrets.delete({ id, expectedVersion: 5 })).state).toBe("deleted");
});

test("of two who change the same version, one is told to read again", async () => {
  const { id } = await secret();
  const outcomes = await Promise.all(
    ["a", "b", "c"].map((value) => codeOf(caller.secrets.rotate({ id, value, expectedVersion: 1 }))),
  );
  expect(outcomes.sort()).toEqual(["allowed", "version_mismatch", "version_mismatch"]);
});

test("rolling back makes a new version of an older value", async () => {
  const { id } = await secret(3);
  const { secret: rolled } = await caller.secrets.rollBack({ id, to: 1, reason: "worked better" });
  expect(rolled.version).toBe(4);
  expect(await caller.secrets.reveal({ id })).toMatchObject({ version: 4, value: "value 1" });
  expect((await caller.versions.list({ id })).versions[0]).toMatchObject({
    rotatedFrom: 3,
    reason: "worked better",
  });
  expect(await codeOf(caller.secrets.rollBack({ id, to: 4 }))).toBe("illegal_state");
  expect(await codeOf(caller.secrets.rollBack({ id, to: 9 }))).toBe("not_found");
});

test("a version whose grace has ended can be rolled back to, one that was revoked or destroyed cannot", async () => {
  const { id } = await secret(4, 0);
  await caller.versions.revoke({ id, version: 2, reason: "leaked" });
  await caller.versions.destroy({ id, version: 3, reason: "leaked" });
  expect(await codeOf(caller.secrets.rollBack({ id, to: 2 }))).toBe("version_revoked");
  expect(await codeOf(caller.secrets.rollBack({ id, to: 3 }))).toBe("version_destroyed");
  expect(await codeOf(caller.versions.reveal({ id, version: 1 }))).toBe("version_expired");
  expect((await caller.secrets.rollBack({ id, to: 1 })).secret.version).toBe(5);
});

test("revoking the current version leaves the secret empty, and setting it again goes on counting", async () => {
  const { id, name } = await secret(2);
  await caller.versions.revoke({ id, version: 2, reason: "leaked" });
  expect(await caller.secrets.get({ id })).toMatchObject({ state: "empty", version: null });
  expect(await codeOf(caller.secrets.reveal({ id }))).toBe("secret_empty");
  expect(await codeOf(caller.secrets.revealMany({ names: [name] }))).toBe("secret_empty");
  expect(await codeOf(caller.versions.reveal({ id, version: 2 }))).toBe("version_revoked");
  // Nothing older became current by itself, and what was in grace still is.
  expect(await numbers(id)).toEqual([
    [2, "revoked"],
    [1, "grace"],
  ]);
  expect(await codeOf(caller.versions.reveal({ id, version: 1 }))).toBe("allowed");
  // The revoked value is no longer the current one: setting it anew is a change.
  const { secret: live, changed } = await caller.secrets.set({ name, value: "value 2" });
  expect([live.state, live.version, changed]).toEqual(["live", 3, true]);
  expect((await caller.versions.list({ id })).versions[0]!.rotatedFrom).toBeNull();
});

test("a deleted secret without a current version comes back empty", async () => {
  const { id } = await secret();
  await caller.versions.destroy({ id, version: 1, reason: "over" });
  await caller.secrets.delete({ id });
  expect(await caller.secrets.restore({ id })).toMatchObject({ state: "empty", version: null });
});

test("destroying erases a version's key, its sealed bytes and its digest", async () => {
  const { id } = await secret(2);
  await caller.versions.destroy({ id, version: 1, reason: "over" });
  const rows = await house.sql(
    `SELECT number, sealed IS NULL AND dek_wrap IS NULL AND digest IS NULL AS erased FROM control_plane.sealed_values
      WHERE tenant_id = $1 AND secret_id = $2 ORDER BY number`,
    [tenantId, id],
  );
  expect(rows).toEqual([
    { number: 1, erased: true },
    { number: 2, erased: false },
  ]);
  expect(await codeOf(caller.versions.reveal({ id, version: 1 }))).toBe("version_destroyed");
  expect(await codeOf(caller.versions.destroy({ id, version: 1, reason: "again" }))).toBe("illegal_state");
  expect(await codeOf(caller.versions.revoke({ id, version: 1, reason: "again" }))).toBe("illegal_state");
  await caller.versions.revoke({ id, version: 2, reason: "first" });
  expect(await codeOf(caller.versions.revoke({ id, version: 2, reason: "again" }))).toBe("illegal_state");
  expect((await caller.versions.destroy({ id, version: 2, reason: "then" })).state).toBe("destroyed");
});

test("a superseded version opens until its deadline by the database's clock, though nothing sweeps", async () => {
  const { id } = await secret(2, 3600);
  const [, first] = (await caller.versions.list({ id })).versions;
  expect([first!.state, first!.opens]).toEqual(["grace", true]);
  await house.moveClock("59 minutes");
  expect((await caller.versions.reveal({ id, version: 1 })).value).toBe("value 1");
  await house.moveClock("61 minutes");
  expect(await codeOf(caller.versions.reveal({ id, version: 1 }))).toBe("version_expired");
  expect((await caller.versions.list({ id })).versions[1]).toMatchObject({ state: "grace", opens: false });
  expect((await caller.secrets.reveal({ id })).value).toBe("value 2");
});

test("the grace is 24 hours where nobody says another, and the call's word goes before the secret's", async () => {
  const usual = await secret(2);
  const asked = await secret(1, 60);
  await caller.secrets.rotate({ id: asked.id, value: "value 2", graceSeconds: 7200 });
  await house.moveClock("119 minutes");
  expect(await codeOf(caller.versions.reveal({ id: asked.id, version: 1 }))).toBe("allowed");
  await house.moveClock("121 minutes");
  expect(await codeOf(caller.versions.reveal({ id: asked.id, version: 1 }))).toBe("version_expired");
  await house.moveClock("23 hours 59 minutes");
  expect(await codeOf(caller.versions.reveal({ id: usual.id, version: 1 }))).toBe("allowed");
  await house.moveClock("24 hours 1 minute");
  expect(await codeOf(caller.versions.reveal({ id: usual.id, version: 1 }))).toBe("version_expired");
});

test("with no grace the old version is refused at once", async () => {
  const { id } = await secret();
  await caller.secrets.rotate({ id, value: "value 2", graceSeconds: 0 });
  expect(await codeOf(caller.versions.reveal({ id, version: 1 }))).toBe("version_expired");
});

test("deleting frees the name at once; restoring onto a taken name needs another", async () => {
  const { id, name } = await secret(2);
  await caller.secrets.delete({ id, reason: "moved" });
  const second = await caller.secrets.create({ name, value: "the second of that name" });
  expect(second.id).not.toBe(id);
  expect(await codeOf(caller.secrets.restore({ id }))).toBe("name_taken");
  const restored = await caller.secrets.restore({ id, name: `${name}_OLD` });
  expect(restored).toMatchObject({ id, name: `${name}_OLD`, state: "live", version: 2, deletedAt: null });
  expect((await caller.secrets.reveal({ id })).value).toBe("value 2");
  expect((await caller.secrets.reveal({ name })).value).toBe("the second of that name");
  expect(await codeOf(caller.secrets.restore({ id }))).toBe("illegal_state");
});

test("a deleted secret is restorable for 30 days by the database's clock, and then gone, though nothing sweeps", async () => {
  const { id } = await secret();
  await caller.secrets.delete({ id });
  await house.moveClock("29 days");
  expect((await caller.secrets.get({ id })).state).toBe("deleted");
  expect((await caller.secrets.list({ state: "deleted" })).secrets.map((s) => s.id)).toContain(id);
  await house.moveClock("31 days");
  expect(await codeOf(caller.secrets.get({ id }))).toBe("not_found");
  expect(await codeOf(caller.secrets.restore({ id }))).toBe("not_found");
  expect((await caller.secrets.list({ state: "deleted" })).secrets.map((s) => s.id)).not.toContain(id);
});

test("metadata changes leave the values alone, and a stale generation is refused", async () => {
  const { id, name } = await secret(2);
  const before = await caller.secrets.get({ id });
  const after = await caller.secrets.update({
    id,
    rename: `folder/${name}`,
    description: "what it is for",
    tags: { constructor: "a tag", team: "payments" },
    graceSeconds: 60,
    expectedGeneration: before.generation,
  });
  expect(after).toMatchObject({
    name: `folder/${name}`,
    version: 2,
    graceSeconds: 60,
    generation: before.generation + 1,
  });
  expect(after.tags).toEqual({ constructor: "a tag", team: "payments" });
  expect((await caller.secrets.reveal({ name: `folder/${name}` })).value).toBe("value 2");
  expect(
    await codeOf(caller.secrets.update({ id, description: "", expectedGeneration: before.generation })),
  ).toBe("version_mismatch");
  const other = await secret();
  expect(await codeOf(caller.secrets.update({ id, rename: other.name }))).toBe("name_taken");
  expect((await caller.secrets.update({ id, graceSeconds: null })).graceSeconds).toBeNull();
  const untouched = await caller.secrets.update({ id });
  expect([untouched.description, untouched.tags]).toEqual([after.description, after.tags]);
});

test("values of any bytes come back exactly, in the encoding they came in, and nothing else is taken", async () => {
  const max = 1024 * 1024;
  const values: [string, "utf8" | "base64"][] = [
    ["x", "utf8"],
    ["\ufeffBOM, NUL \0, \r\n and 🔑 e\u0301", "utf8"],
    ["a".repeat(max), "utf8"],
    [Buffer.from([0, 255, 254, 128]).toString("base64"), "base64"],
    [Buffer.alloc(max, 7).toString("base64"), "base64"],
  ];
  for (const [value, encoding] of values) {
    const { secret: made } = await caller.secrets.set({ name: "BYTES", value, encoding });
    expect(await caller.secrets.reveal({ id: made.id })).toMatchObject({ value, encoding });
  }
  const refused: [string, "utf8" | "base64", string][] = [
    ["", "utf8", "bad_input"],
    ["", "base64", "bad_input"],
    ["\ud800", "utf8", "bad_input"],
    ["AAA", "base64", "bad_input"],
    ["QR==", "base64", "bad_input"], // bits that decoding would drop
    ["QQ==\n", "base64", "bad_input"],
    ["-_8=", "base64", "bad_input"],
    ["a".repeat(max + 1), "utf8", "too_large"],
    [Buffer.alloc(max + 1).toString("base64"), "base64", "too_large"],
  ];
  const before = await caller.secrets.get({ name: "BYTES" });
  for (const [value, encoding, code] of refused)
    expect(await codeOf(caller.secrets.set({ name: "BYTES", value, encoding })), value.slice(0, 9)).toBe(
      code,
    );
  expect(await caller.secrets.get({ name: "BYTES" })).toEqual(before);
});

test("a read by session or by another process sees the newest value at once", async () => {
  const { id } = await secret();
  const other = await house.another();
  const { token } = await caller.tokens.create({ name: "t", preset: "reader" });
  const read = async () => (await callerOf(other, token).secrets.reveal({ id })).value;
  expect(await read()).toBe("value 1");
  await caller.secrets.rotate({ id, value: "value 2" });
  expect(await read()).toBe("value 2");
  await caller.versions.revoke({ id, version: 2, reason: "leaked" });
  expect(await codeOf(read())).toBe("secret_empty");
});
