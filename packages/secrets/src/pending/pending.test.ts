import { afterAll, beforeAll, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { codeOf, refusalOf } from "../testing/refusal.ts";

let house: House;
let caller: Caller;
let sequence = 0;
beforeAll(async () => {
  house = await openHouse();
  ({ caller } = await house.tenant("acme"));
});
afterAll(async () => {
  await house.verify().finally(() => house.close());
});

async function secret() {
  return (await caller.secrets.create({ name: `S${++sequence}`, value: "value 1" })).id;
}
const states = async (id: string) =>
  (await caller.versions.list({ id })).versions.map((v) => [v.version, v.state]);

test("a pending version opens to nobody until it is finished; then it is current and the one before is in grace", async () => {
  const id = await secret();
  const pending = await caller.versions.prepare({ id, value: "value 2", reason: "its time" });
  expect(pending).toMatchObject({
    version: 2,
    state: "pending",
    opens: false,
    rotatedFrom: 1,
    reason: "its time",
  });
  expect(await codeOf(caller.versions.reveal({ id, version: 2 }))).toBe("version_pending");
  expect(await codeOf(caller.secrets.rollBack({ id, to: 2 }))).toBe("version_pending");
  expect((await caller.secrets.reveal({ id })).value).toBe("value 1");
  const finished = await caller.versions.finish({ id, version: 2 });
  expect(finished).toMatchObject({ changed: true, rotatedFrom: 1, secret: { version: 2, state: "live" } });
  expect((await caller.secrets.reveal({ id })).value).toBe("value 2");
  expect((await caller.versions.reveal({ id, version: 1 })).value).toBe("value 1");
  expect(await codeOf(caller.versions.finish({ id, version: 2 }))).toBe("illegal_state");
});

test("a secret has one pending version: a second one is refused, and of many at once one is made", async () => {
  const id = await secret();
  const outcomes = await Promise.all(
    ["a", "b", "c", "d"].map((value) => codeOf(caller.versions.prepare({ id, value }))),
  );
  expect(outcomes.sort()).toEqual(["allowed", "illegal_state", "illegal_state", "illegal_state"]);
  const refusal = await refusalOf(caller.versions.prepare({ id, value: "e" }));
  expect(refusal.message).toBe("Version 2 of this secret is pending already. Finish it or abandon it first.");
});

test("what was rotated meanwhile is not undone by finishing: the version that it was based on is compared", async () => {
  const id = await secret();
  await caller.versions.prepare({ id, value: "prepared" });
  await caller.secrets.rotate({ id, value: "by hand" });
  expect(await codeOf(caller.versions.finish({ id, version: 2 }))).toBe("version_mismatch");
  expect((await caller.secrets.reveal({ id })).value).toBe("by hand");
  await caller.versions.abandon({ id, version: 2, reason: "too late" });
  // The number stays taken.
  expect(await states(id)).toEqual([
    [3, "current"],
    [2, "destroyed"],
    [1, "grace"],
  ]);
  expect((await caller.versions.prepare({ id, value: "again" })).version).toBe(4);
});

test("one that was set at its target is abandoned by force only", async () => {
  const id = await secret();
  const one = { id, version: (await caller.versions.prepare({ id, value: "set there" })).version };
  const { setAt } = await caller.versions.markSet(one);
  expect(setAt).not.toBeNull();
  expect((await caller.versions.markSet(one)).setAt).toBe(setAt);
  expect(await codeOf(caller.versions.abandon({ ...one, reason: "over" }))).toBe("illegal_state");
  expect(await codeOf(caller.versions.destroy({ ...one, reason: "over" }))).toBe("illegal_state");
  const ended = await caller.versions.abandon({ ...one, reason: "the target was reset", force: true });
  expect(ended).toMatchObject({ state: "destroyed", endReason: "the target was reset" });
});

test("an empty secret becomes live by finishing, and a deleted one takes no part", async () => {
  const id = await secret();
  await caller.versions.revoke({ id, version: 1, reason: "leaked" });
  await caller.versions.prepare({ id, value: "value 2" });
  expect(await caller.versions.finish({ id, version: 2 })).toMatchObject({
    rotatedFrom: null,
    secret: { state: "live", version: 2 },
  });
  await caller.versions.prepare({ id, value: "value 3" });
  await caller.secrets.delete({ id });
  for (const call of [
    () => caller.versions.finish({ id, version: 3 }),
    () => caller.versions.abandon({ id, version: 3, reason: "r" }),
    () => caller.versions.markSet({ id, version: 3 }),
    () => caller.versions.prepare({ id, value: "v" }),
  ])
    expect(await codeOf(call())).toBe("not_found");
});

test("what is no pending version is refused by name, and a repeated call answers the same", async () => {
  const id = await secret();
  expect(await codeOf(caller.versions.finish({ id, version: 9 }))).toBe("not_found");
  expect(await codeOf(caller.versions.finish({ id, version: 1 }))).toBe("illegal_state");
  expect(await codeOf(caller.versions.revoke({ id, version: 9, reason: "r" }))).toBe("not_found");
  const input = { id, value: "value 2", idempotencyKey: "prepare-1" };
  const first = await caller.versions.prepare(input);
  expect(await caller.versions.prepare(input)).toEqual(first);
  expect(await codeOf(caller.versions.prepare({ ...input, value: "other" }))).toBe("idempotency_mismatch");
  expect(await codeOf(caller.versions.revoke({ id, version: 2, reason: "r" }))).toBe("illegal_state");
  expect(await codeOf(caller.versions.prepare({ id, value: "v", expectedVersion: 7 }))).toBe(
    "version_mismatch",
  );
});
