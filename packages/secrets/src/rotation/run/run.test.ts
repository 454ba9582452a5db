import { decodeBodies, decodeEvent } from "@keyfold/ledger";
import { localRotators } from "@keyfold/rotators";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { KeyfoldServer } from "../../server.ts";
import { type Caller, callerOf, type House, openHouse } from "../../testing/house.ts";
import { codeOf, refusalOf } from "../../testing/refusal.ts";
import { FakeTarget } from "../testing/fake-target.ts";

let house: House;
let target: FakeTarget;
let tenant: string;
let token: string;
let caller: Caller;
beforeEach(async () => {
  target = new FakeTarget();
  house = await openHouse({ rotators: [...localRotators, target.rotator()] });
  ({ id: tenant, token, caller } = await house.tenant("acme"));
});
afterEach(() => house.verify().finally(() => house.close()));

const run = (name = "rotations.run", server: KeyfoldServer = house.server) =>
  server.jobs.find((job) => job.name === name)!.run();
const value = async (id: string) => (await caller.secrets.reveal({ id })).value;
const states = async (id: string) =>
  (await caller.versions.list({ id })).versions.map((v) => [v.version, v.state]);

async function events(...actions: string[]) {
  const rows = await house.sql<{ bodies: Buffer }>(
    "SELECT bodies FROM control_plane.audit_batches WHERE chain_id = $1 AND bodies IS NOT NULL ORDER BY number",
    [tenant],
  );
  const all = rows.flatMap((row) => decodeBodies(row.bodies).map(decodeEvent));
  return all.filter(({ action }) => actions.includes(action));
}
const told = async (kind: string) =>
  house.sql<{ secret_id: string; data: Record<string, unknown> }>(
    "SELECT secret_id, data FROM control_plane.tenant_messages WHERE tenant_id = $1 AND kind = $2 ORDER BY batch, item",
    [tenant, kind],
  );

const weekly = { schedule: { everyDays: 7 } } as const;

/** A secret whose value works at the target, due every seven days. */
async function atTarget(name = "DB_URL", config: Record<string, unknown> = {}): Promise<string> {
  const first = `fake-not-real-first-${name}`;
  const { id } = await caller.secrets.create({ name, value: first, graceSeconds: 3600 });
  target.values.add(first);
  await caller.rotation.setPolicy({ id, ...weekly, rotator: { kind: "fake-target", config } });
  return id;
}

test("a key that is due rotates by itself, not sooner; the old one opens through its grace, and the next week begins", async () => {
  const { id } = await caller.secrets.create({ name: "KEY", value: "first not real" });
  const policy = await caller.rotation.setPolicy({
    id,
    ...weekly,
    required: true,
    rotator: { kind: "api-key", config: { prefix: "acme_test_" } },
  });
  expect(policy).toMatchObject({ due: false, overdue: false, rotator: { kind: "api-key" } });
  await house.moveClock("6 days 23 hours");
  await run();
  expect(await states(id)).toEqual([[1, "current"]]);
  await house.moveClock("7 days 1 minute");
  expect((await caller.rotation.getPolicy({ id })).due).toBe(true);
  await run();
  expect(await states(id)).toEqual([
    [2, "current"],
    [1, "grace"],
  ]);
  expect(await value(id)).toMatch(/^acme_test_[\w-]{43}$/);
  expect((await caller.versions.reveal({ id, version: 1 })).value).toBe("first not real");
  const next = await caller.rotation.getPolicy({ id });
  expect(next.due).toBe(false);
  expect(Date.parse(next.nextRotationAt!) - Date.parse(next.lastRotatedAt!)).toBe(7 * 86_400_000);
  await run();
  expect(await states(id)).toHaveLength(2);

  const [event] = await events("secret.rotated");
  expect(event).toMatchObject({
    actor: { type: "job", name: "rotations.run" },
    details: { rotator: "api-key" },
  });
  expect(await told("secret.rotated")).toMatchObject([{ secret_id: id, data: { new_version: 2 } }]);
  const status = await caller.rotation.status({ id });
  expect(status).toMatchObject({ phase: "done", version: 2, kind: "api-key", problem: null });
});

test("a rotation by hand counts: what was rotated yesterday is not due today", async () => {
  const { id } = await caller.secrets.create({ name: "KEY", value: "first" });
  await caller.rotation.setPolicy({ id, ...weekly, rotator: { kind: "uuid", config: {} } });
  await house.moveClock("6 days");
  await caller.secrets.rotate({ id, value: "by hand" });
  await house.moveClock("7 days 1 hour");
  await run();
  expect(await value(id)).toBe("by hand");
  await house.moveClock("13 days 1 hour");
  await run();
  expect(await value(id)).toMatch(/^[0-9a-f-]{36}$/);
});

test("a person rotates now: at once without a target, by steps with one", async () => {
  const { id } = await caller.secrets.create({ name: "KEY", value: "first" });
  expect(await codeOf(caller.rotation.runNow({ id }))).toBe("illegal_state");
  await caller.rotation.setPolicy({ id, rotator: { kind: "password", config: { length: 40 } } });
  expect(await caller.rotation.runNow({ id, reason: "it leaked" })).toMatchObject({
    phase: "done",
    version: 2,
    reason: "it leaked",
    startedBy: { type: "service_token" },
  });
  expect(await value(id)).toHaveLength(40);

  const other = await atTarget();
  expect(await caller.rotation.runNow({ id: other })).toMatchObject({ phase: "make", version: null });
  expect(await codeOf(caller.rotation.runNow({ id: other }))).toBe("illegal_state");
  await run();
  expect(await caller.rotation.status({ id: other })).toMatchObject({ phase: "done", version: 2 });
  expect(target.values.has(await value(other))).toBe(true);
});

test("two processes and two runs at once rotate each secret once, with contiguous numbers", async () => {
  const ids = [];
  for (let n = 0; n < 12; n++) {
    const { id } = await caller.secrets.create({ name: `K${n}`, value: "first" });
    await caller.rotation.setPolicy({ id, ...weekly, rotator: { kind: "api-key", config: {} } });
    ids.push(id);
  }
  const fake = await atTarget();
  const other = await house.another();
  await house.moveClock("8 days");
  await Promise.all([run(), run("rotations.run", other), run(), run("rotations.run", other)]);
  await run();
  for (const id of [...ids, fake])
    expect(await states(id)).toEqual([
      [2, "current"],
      [1, "grace"],
    ]);
  expect(target.said).toEqual(["set 1"]);
});

test("a target that is down is waited for, longer each time, with the old value current and working", async () => {
  const id = await atTarget();
  const first = await value(id);
  target.down = true;
  await house.moveClock("8 days");
  await run();
  expect(await caller.rotation.status({ id })).toMatchObject({
    phase: "set",
    attempts: 1,
    problem: "target_unavailable",
    targetCode: "ECONNREFUSED",
    sentence: "The target cannot be reached, or did not answer in time.",
  });
  await run(); // too soon
  expect((await caller.rotation.status({ id })).attempts).toBe(1);
  await house.moveClock("8 days 11 seconds");
  await run();
  expect((await caller.rotation.status({ id })).attempts).toBe(2);
  expect([await value(id), target.values.has(first)]).toEqual([first, true]);
  expect(await told("secret.rotation_failed")).toHaveLength(0);
  await house.moveClock("8 days 1 minute");
  await run();
  expect((await told("secret.rotation_failed"))[0]!.data).toMatchObject({ waits_for_person: false });

  target.down = false;
  await house.moveClock("8 days 5 minutes");
  await run();
  expect(await caller.rotation.status({ id })).toMatchObject({ phase: "done", problem: null });
  expect(target.values.has(await value(id))).toBe(true);
});

test("after eight tries in vain what was set is undone, and it waits for a person, loudly", async () => {
  const id = await atTarget();
  const first = await value(id);
  await house.moveClock("8 days");
  target.loseAnswer = true;
  await run();
  target.down = true;
  for (let hour = 1; hour <= 8; hour++) {
    await house.moveClock(`8 days ${hour} hours`);
    await run();
  }
  expect((await caller.rotation.status({ id })).phase).toBe("undo");
  target.down = false;
  await house.moveClock("9 days");
  await run();
  expect(await caller.rotation.status({ id })).toMatchObject({
    phase: "failed",
    cause: "target_unavailable",
    nextTryAt: null,
  });
  expect([...target.values]).toEqual([first]);
  expect(await value(id)).toBe(first);
  expect((await told("secret.rotation_failed")).at(-1)!.data).toMatchObject({ waits_for_person: true });
});

test("an answer that was lost is no second value: the same one is set again, and readers get it once", async () => {
  const id = await atTarget();
  await house.moveClock("8 days");
  target.loseAnswer = true;
  await run();
  await house.moveClock("8 days 1 minute");
  await run();
  expect(await states(id)).toEqual([
    [2, "current"],
    [1, "grace"],
  ]);
  expect(target.said).toEqual(["set 1", "set 1"]);
});

test("a value that does not work is never current: undone, kept for a retry, told of everywhere, and no value in any of it", async () => {
  const id = await atTarget();
  const first = await value(id);
  target.refusesNew = true;
  await house.moveClock("8 days");
  await run();
  expect(await caller.rotation.status({ id })).toMatchObject({
    phase: "failed",
    cause: "test_failed",
    version: 2,
    sentence: "The new value does not work at the target, and was not put into use.",
  });
  expect([await value(id), target.values.has(first)]).toEqual([first, true]);
  expect(await states(id)).toEqual([
    [2, "pending"],
    [1, "current"],
  ]);
  expect(house.logged.join()).toContain("a rotation failed and waits for a person");
  expect((await events("rotation.failed"))[0]).toMatchObject({
    outcome: "error",
    details: { cause: "test_failed", waitsForPerson: true },
  });
  const said = JSON.stringify([
    house.logged,
    await events("rotation.failed", "version.prepared", "version.set_at_target", "rotation.started"),
    await told("secret.rotation_failed"),
    await house.sql("SELECT * FROM control_plane.rotations"),
  ]);
  expect(said).not.toContain("fake-not-real");

  await run();
  expect((await caller.rotation.status({ id })).phase).toBe("failed");
  expect(await codeOf(caller.rotation.runNow({ id }))).toBe("illegal_state");
  target.refusesNew = false;
  await caller.rotation.retry({ id, reason: "the target was mended" });
  await run();
  expect(await caller.rotation.status({ id })).toMatchObject({ phase: "done", version: 2, cause: null });
  expect(target.values.has(await value(id))).toBe(true);
});

test("what has failed can be given up: its version is destroyed, its number stays, and the next rotation succeeds", async () => {
  const id = await atTarget();
  target.refusesNew = true;
  await house.moveClock("8 days");
  await run();
  expect(await caller.rotation.abandon({ id, reason: "another way" })).toMatchObject({ phase: "abandoned" });
  expect(await codeOf(caller.rotation.abandon({ id, reason: "again" }))).toBe("not_found");
  expect(await states(id)).toEqual([
    [2, "destroyed"],
    [1, "current"],
  ]);
  target.refusesNew = false;
  await caller.rotation.runNow({ id });
  await run();
  expect(await states(id)).toEqual([
    [3, "current"],
    [2, "destroyed"],
    [1, "grace"],
  ]);
});

test("while the target may hold the new value, giving up takes force", async () => {
  const id = await atTarget();
  await house.moveClock("8 days");
  target.loseAnswer = true;
  await run();
  expect(await codeOf(caller.rotation.abandon({ id, reason: "r" }))).toBe("illegal_state");
  expect(await codeOf(caller.versions.abandon({ id, version: 2, reason: "r" }))).toBe("illegal_state");
  expect((await caller.rotation.abandon({ id, reason: "r", force: true })).phase).toBe("abandoned");
});

test("a value that somebody sets by hand meanwhile stays: the rotation is undone, and says that it was superseded", async () => {
  const id = await atTarget();
  target.down = true;
  await house.moveClock("8 days");
  await run();
  await caller.secrets.rotate({ id, value: "by hand" });
  target.down = false;
  await house.moveClock("8 days 1 minute");
  await run();
  expect(await caller.rotation.status({ id })).toMatchObject({ phase: "failed", cause: "superseded" });
  expect(await value(id)).toBe("by hand");
  expect(await codeOf(caller.rotation.retry({ id, reason: "r" }))).toBe("illegal_state");
  await caller.rotation.abandon({ id, reason: "superseded" });
  expect(await states(id)).toEqual([
    [3, "current"],
    [2, "destroyed"],
    [1, "grace"],
  ]);
});

test("where the target has room for two values, a rotation waits for the older one's grace to end", async () => {
  const id = await atTarget();
  await caller.rotation.runNow({ id });
  await run();
  const refused = await refusalOf(caller.rotation.runNow({ id }));
  expect(refused.code).toBe("illegal_state");
  expect(refused.message).toContain("An older version still opens");
  await caller.versions.extendGrace({ id, version: 1, seconds: 8 * 86_400, reason: "they are slow" });
  await house.moveClock("7 days 1 hour");
  await run();
  expect(await states(id)).toHaveLength(2);
  await house.moveClock("8 days 1 hour");
  await run();
  expect(await states(id)).toHaveLength(3);
});

test("when a version has ended, what it could open at the target is ended too, and not while another is being made", async () => {
  const id = await atTarget();
  for (const day of [0, 1]) {
    await house.moveClock(`${day} days`);
    await caller.rotation.runNow({ id });
    await run();
    await house.moveClock(`${day} days 2 hours`);
    await run("graces.settle");
  }
  expect(target.said).toEqual(["set 1", "set 0"]);
  await house.moveClock("2 days");
  target.refusesNew = true;
  await caller.rotation.runNow({ id });
  await run();
  expect(target.said.filter((line) => line.startsWith("clean"))).toEqual([]);
  await caller.rotation.abandon({ id, reason: "r" });
  await run();
  await run();
  expect(target.said.filter((line) => line.startsWith("clean"))).toEqual(["clean 1, open 0"]);
  expect((await events("rotation.cleaned_up")).map(({ target }) => target?.version)).toEqual([2]);
});

test("a process that hangs in a step loses it after two minutes, and what it writes later is refused", async () => {
  const id = await atTarget();
  await house.moveClock("8 days");
  let letGo = () => {};
  target.hold = new Promise((resolve) => {
    letGo = resolve;
  });
  const hanging = run();
  while (!target.holding) await new Promise((resolve) => setImmediate(resolve));
  target.hold = null;
  const other = await house.another();
  await run("rotations.run", other);
  expect((await caller.rotation.status({ id })).phase).toBe("set"); // the first one holds it
  await house.moveClock("8 days 3 minutes");
  await run("rotations.run", other);
  expect((await caller.rotation.status({ id })).phase).toBe("done");
  letGo();
  await hanging;
  expect(await states(id)).toEqual([
    [2, "current"],
    [1, "grace"],
  ]);
  expect(target.values.has(await value(id))).toBe(true);
});

test("a kind that this deployment does not have is an error that somebody sees, and the secret stays as it is", async () => {
  const id = await atTarget();
  const without = await house.another({ rotators: localRotators });
  await house.moveClock("8 days");
  await run("rotations.run", without);
  expect(house.logged.join()).toContain("unknown_rotator");
  expect((await told("secret.rotation_failed"))[0]!.data).toMatchObject({ cause: "unknown_rotator" });
  const there = callerOf(without, token);
  expect(await codeOf(there.rotation.runNow({ id }))).toBe("illegal_state");
  await house.moveClock("8 days 2 hours");
  await run();
  expect(await states(id)).toHaveLength(2);
});

test("a login that a rotator needs is read and recorded as the rotation's, and a deleted one fails it by name", async () => {
  const login = await caller.secrets.create({ name: "LOGIN", value: "not a real login" });
  const id = await atTarget("DB_URL", { login: { $secret: login.id } });
  await caller.rotation.runNow({ id });
  await run();
  const read = (await events("secret.accessed")).filter(({ target }) => target?.id === login.id);
  expect(read).toMatchObject([{ actor: { type: "job" }, details: { rotation: expect.any(String) } }]);
  await caller.secrets.delete({ id: login.id });
  await house.moveClock("8 days");
  await run();
  expect(await caller.rotation.status({ id })).toMatchObject({ phase: "failed", cause: "bad_credential" });
});

test("a value that cannot be made stands as failed, and is made on a retry once its cause is gone", async () => {
  const { id } = await caller.secrets.create({ name: "KEYS", value: "no set of keys" });
  await caller.rotation.setPolicy({ id, ...weekly, rotator: { kind: "jwt-signing-keys", config: {} } });
  await house.moveClock("8 days");
  await run();
  expect(await caller.rotation.status({ id })).toMatchObject({ phase: "failed", cause: "bad_current_value" });
  expect(await value(id)).toBe("no set of keys");
  await caller.rotation.abandon({ id, reason: "start over" });
  await caller.rotation.setPolicy({
    id,
    rotator: { kind: "jwt-signing-keys", config: { startOver: true } },
  });
  expect((await caller.rotation.runNow({ id })).phase).toBe("done");
  expect(JSON.parse(await value(id)).jwks.keys).toHaveLength(2);
});

test("deleted secrets and tenants do not rotate; a restored one does", async () => {
  const id = await atTarget();
  await caller.secrets.delete({ id });
  await house.moveClock("8 days");
  await run();
  expect(target.said).toEqual([]);
  await caller.secrets.restore({ id });
  await run();
  expect(target.said).toEqual(["set 1"]);
});
