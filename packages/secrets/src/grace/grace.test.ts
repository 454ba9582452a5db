import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Caller, callerOf, type House, openHouse } from "../testing/house.ts";
import { codeOf, refusalOf } from "../testing/refusal.ts";

let house: House;
let tenantId: string;
let caller: Caller;
let sequence = 0;
beforeAll(async () => {
  house = await openHouse();
  ({ id: tenantId, caller } = await house.tenant("acme"));
});
afterEach(() => house.moveClock("0"));
afterAll(() => house.verify().finally(() => house.close()));

interface Facts {
  graceSeconds?: number;
  keepVersions?: number;
}

/** A secret with so many versions: "value 1", "value 2" … */
async function secret(versions: number, facts: Facts = {}, by = caller): Promise<string> {
  const { id } = await by.secrets.create({ name: `S${++sequence}`, value: "value 1", ...facts });
  for (let n = 2; n <= versions; n++) await by.secrets.rotate({ id, value: `value ${n}` });
  return id;
}
const states = async (id: string) =>
  (await caller.versions.list({ id })).versions.map((v) => [v.version, v.state]);

test("a grace is extended while it lasts, counted from now, and never shortened by it", async () => {
  const id = await secret(2, { graceSeconds: 3600 });
  const more = { id, version: 1, reason: "the batch job is late" };
  await house.moveClock("30 minutes");
  expect(await codeOf(caller.versions.extendGrace({ ...more, seconds: 1200 }))).toBe("illegal_state");
  await caller.versions.extendGrace({ ...more, seconds: 7200 });
  await house.moveClock("149 minutes");
  expect((await caller.versions.reveal({ id, version: 1 })).value).toBe("value 1");
  await house.moveClock("151 minutes");
  expect(await codeOf(caller.versions.reveal({ id, version: 1 }))).toBe("version_expired");
  const late = await refusalOf(caller.versions.extendGrace({ ...more, seconds: 7200 }));
  expect([late.code, late.message]).toEqual([
    "illegal_state",
    "This version's grace has ended. To use its value again, roll back to it.",
  ]);
  await caller.secrets.rollBack({ id, to: 1 });
  expect((await caller.secrets.reveal({ id })).value).toBe("value 1");
});

test("a grace that is ended by hand refuses its version at once, in every process, and erases it", async () => {
  const id = await secret(2);
  const { token } = await caller.tokens.create({ name: "reader", preset: "reader" });
  const elsewhere = callerOf(await house.another(), token);
  expect((await elsewhere.versions.reveal({ id, version: 1 })).value).toBe("value 1");
  const ended = await caller.versions.endGrace({ id, version: 1, reason: "all have moved" });
  expect(ended).toMatchObject({ state: "destroyed", opens: false, endReason: "all have moved" });
  expect(await codeOf(elsewhere.versions.reveal({ id, version: 1 }))).toBe("version_destroyed");
  const [row] = await house.sql(
    "SELECT sealed IS NULL AND dek_wrap IS NULL AS erased FROM control_plane.sealed_values WHERE tenant_id = $1 AND secret_id = $2 AND number = 1",
    [tenantId, id],
  );
  expect(row).toEqual({ erased: true });
  for (const version of [1, 2])
    expect(await codeOf(caller.versions.endGrace({ id, version, reason: "r" }))).toBe("illegal_state");
  expect(await codeOf(caller.versions.extendGrace({ id, version: 2, seconds: 60, reason: "r" }))).toBe(
    "illegal_state",
  );
  expect(await codeOf(caller.versions.endGrace({ id, version: 9, reason: "r" }))).toBe("not_found");
});

test("the last ended versions are kept for a roll back, open to nobody, and the others are destroyed", async () => {
  const id = await secret(5, { keepVersions: 2 });
  // In whatever order they end: the newest are kept.
  for (const version of [2, 4, 1, 3]) await caller.versions.endGrace({ id, version, reason: "r" });
  expect(await states(id)).toEqual([
    [5, "current"],
    [4, "kept"],
    [3, "kept"],
    [2, "destroyed"],
    [1, "destroyed"],
  ]);
  expect(await codeOf(caller.versions.reveal({ id, version: 4 }))).toBe("version_kept");
  await caller.secrets.rollBack({ id, to: 3 });
  expect((await caller.secrets.reveal({ id })).value).toBe("value 3");
  await caller.secrets.update({ id, keepVersions: 1 });
  expect((await states(id)).slice(2, 4)).toEqual([
    [4, "kept"],
    [3, "destroyed"],
  ]);
  await caller.secrets.update({ id, keepVersions: 0 });
  expect((await states(id))[2]).toEqual([4, "destroyed"]);
  expect((await caller.secrets.get({ id })).keepVersions).toBe(0);
});

test("the default is the tenant's before the deployment's, and the secret's before both", async () => {
  const server = await house.another({ life: { graceSeconds: 600 } });
  const own = await house.tenant("own-grace");
  const by = callerOf(server, own.token);
  const openFor = async (facts: Facts) => {
    const id = await secret(2, facts, by);
    const { openUntil, state } = (await by.versions.list({ id })).versions[1]!;
    expect(state).toBe("grace");
    const { createdAt } = (await by.versions.list({ id })).versions[0]!;
    return (Date.parse(openUntil!) - Date.parse(createdAt)) / 1000;
  };
  expect(await openFor({})).toBe(600);
  expect((await by.tenants.configure({ graceSeconds: 60 })).graceSeconds).toBe(60);
  expect(await openFor({})).toBe(60);
  expect(await openFor({ graceSeconds: 0 })).toBe(0);
  expect((await by.tenants.configure({ graceSeconds: null })).graceSeconds).toBeNull();
  expect(await openFor({})).toBe(600);
});

test("a grace of less than nothing, of more than 90 days, or of no whole seconds is refused by name", async () => {
  const id = await secret(2);
  for (const seconds of [-1, 0, 7_776_001, 1.5, Number.NaN, Number.MAX_SAFE_INTEGER]) {
    expect(await codeOf(caller.versions.extendGrace({ id, version: 1, seconds, reason: "r" }))).toBe(
      "bad_input",
    );
    if (seconds === 0) continue;
    expect(await codeOf(caller.tenants.configure({ graceSeconds: seconds }))).toBe("bad_input");
    expect(await codeOf(caller.secrets.rotate({ id, value: "x", graceSeconds: seconds }))).toBe("bad_input");
    expect(await codeOf(caller.secrets.update({ id, graceSeconds: seconds }))).toBe("bad_input");
  }
  for (const keepVersions of [-1, 101, 0.5])
    expect(await codeOf(caller.secrets.update({ id, keepVersions }))).toBe("bad_input");
  expect(await codeOf(caller.versions.endGrace({ id, version: 1, reason: "" }))).toBe("bad_input");
});

test("a clock that goes back opens nothing that was settled, and one that goes on refuses what was open", async () => {
  const id = await secret(3, { graceSeconds: 3600 });
  await caller.versions.endGrace({ id, version: 1, reason: "r" });
  await house.moveClock("-1 hour");
  expect(await codeOf(caller.versions.reveal({ id, version: 1 }))).toBe("version_destroyed");
  expect((await caller.versions.reveal({ id, version: 2 })).value).toBe("value 2");
  await house.moveClock("61 minutes");
  expect(await codeOf(caller.versions.reveal({ id, version: 2 }))).toBe("version_expired");
});

test("a deadline, a hold or a tenant's grace that was edited in the database is refused, and not believed", async () => {
  const id = await secret(2, { graceSeconds: 60 });
  await house.tamper("UPDATE control_plane.versions SET held = true WHERE secret_id = $1 AND number = 1", [
    id,
  ]);
  await house.moveClock("2 minutes");
  expect(await codeOf(caller.versions.reveal({ id, version: 1 }))).toBe("integrity_failed");
  expect(await codeOf(caller.versions.endGrace({ id, version: 1, reason: "r" }))).toBe("integrity_failed");
  const kept = await secret(1);
  await house.tamper(
    "UPDATE control_plane.secrets SET keep_versions = 100, grace_policy = 'hold' WHERE id = $1",
    [kept],
  );
  expect(await codeOf(caller.secrets.rotate({ id: kept, value: "x" }))).toBe("integrity_failed");
  const other = await house.tenant("edited");
  await house.tamper("UPDATE control_plane.tenants SET grace_seconds = 7776000 WHERE id = $1", [other.id]);
  expect(await codeOf(other.caller.secrets.list({}))).toBe("integrity_failed");
});
