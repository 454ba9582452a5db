import { randomBytes } from "node:crypto";
import { EnvelopeError, localRootKey, type RootKeyProvider } from "@keyfold/envelope";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { KeyfoldServer } from "../../server.ts";
import { type Caller, callerOf, type House, openHouse } from "../../testing/house.ts";
import { sealedBytes, toItsEnd } from "../../testing/keys.ts";
import { codeOf, refusalOf } from "../../testing/refusal.ts";

let house: House;
let before: RootKeyProvider;
let next: RootKeyProvider;
let oldId: string;
let newId: string;
/** A server whose current root key is the new one, and which holds the old one besides. */
let both: KeyfoldServer;
let operator: Caller;
const tenants: { id: string; slug: string; token: string; secret: string }[] = [];

beforeEach(async () => {
  house = await openHouse();
  before = house.provider;
  next = localRootKey(randomBytes(32));
  [oldId, newId] = [(await before.current()).id, (await next.current()).id];
  tenants.length = 0;
  for (let i = 0; i < 5; i++) await furnish(`tenant-${i}`);
  both = await house.another({ provider: next, others: [before] });
  operator = callerOf(both, house.operatorToken);
});
afterEach(async () => {
  // Whatever was done, every chain verifies.
  await house.verify().finally(() => house.close());
});

async function furnish(slug: string): Promise<void> {
  const { id, token, caller } = await house.tenant(slug);
  const secret = await caller.secrets.create({ name: "K", value: `not a real value of ${slug}` });
  tenants.push({ id, slug, token, secret: secret.id });
}

const rotate = (caller = operator) => toItsEnd(() => caller.keys.rotate({}));
const verify = (caller = operator) => toItsEnd(() => caller.keys.verify({}));
const retire = (caller = operator) => toItsEnd(() => caller.keys.retire({ opener: oldId }));

/** Reads every tenant's value through a server that has nothing cached. */
async function readAll(options: { provider: RootKeyProvider; others?: RootKeyProvider[] }): Promise<void> {
  const server = await house.another(options);
  for (const { slug, token, secret } of tenants) {
    const { value } = await callerOf(server, token).secrets.reveal({ id: secret });
    expect(value).toBe(`not a real value of ${slug}`);
  }
}

const wraps = async (opener: string) =>
  (await house.sql("SELECT 1 FROM control_plane.key_wraps WHERE opener = $1", [opener])).length;
const problem = (start: Promise<unknown>) =>
  start.then(
    () => null,
    (error: Error & { problem: string }) => ({ problem: error.problem, message: error.message }),
  );

test("a root key is rotated, verified and retired; values keep their bytes, and the new key alone opens all", async () => {
  const bytes = await sealedBytes(house);
  for (const table of ["key_wraps", "deployment_key_wraps"])
    expect(
      await house.sql(`SELECT DISTINCT provider, opener, key_version FROM control_plane.${table}`),
    ).toEqual([{ provider: "local", opener: oldId, key_version: "1" }]);
  expect(await operator.keys.status({})).toMatchObject({ current: newId, keys: 13, lacking: 13, jobs: [] });

  expect(await rotate()).toMatchObject({ kind: "rotate", opener: newId, state: "done", done: 13, total: 13 });
  expect(await verify()).toMatchObject({ kind: "verify", opener: newId, state: "done", done: 13, total: 13 });
  await readAll({ provider: next });
  await readAll({ provider: before });
  expect(await retire()).toMatchObject({ kind: "retire", opener: oldId, state: "done" });

  expect(await sealedBytes(house)).toBe(bytes);
  expect([await wraps(oldId), await wraps(newId)]).toEqual([0, 10]);
  await readAll({ provider: next });
  const status = await operator.keys.status({});
  expect(status).toMatchObject({ lacking: 0, rotation: { overdue: false } });
  expect(status.verifiedAt).not.toBeNull();
  expect(status.rootKeys).toEqual([
    expect.objectContaining({ id: newId, wraps: 13, current: true, held: true, retiredAt: null }),
    expect.objectContaining({
      id: oldId,
      wraps: 0,
      current: false,
      held: true,
      retiredAt: expect.any(String),
    }),
  ]);
  expect(status.jobs.map(({ kind, state }) => [kind, state])).toEqual([
    ["rotate", "done"],
    ["verify", "done"],
    ["retire", "done"],
  ]);
});

test("each tenant's chain says that its keys were rewrapped, and the deployment's what the jobs did", async () => {
  await rotate();
  await verify();
  await retire();
  const { events } = await operator.audit.list({ tenant: tenants[0]!.id, action: "key" });
  expect(events.map(({ action, target, details }) => [action, target?.id, details.keys])).toEqual([
    ["key.opener_removed", oldId, 2],
    ["key.rewrapped", newId, 2],
  ]);
  const own = await operator.audit.list({ deployment: true, limit: 100 });
  const actions = own.events.map(({ action }) => action).filter((a) => /^key\./.test(a));
  expect(actions.reverse()).toEqual([
    "key.added",
    "key.rotation_started",
    "key.rotation_finished",
    "key.verification_started",
    "key.verification_finished",
    "key.retirement_started",
    "key.retirement_finished",
  ]);
});

test("until the rotation is done, the new root key alone does not start, and names the old one", async () => {
  const alone = () => problem(house.another({ provider: next }));
  const refusal = {
    problem: "wrong_root_key",
    message: expect.stringMatching(
      new RegExp(`^This database needs the root key ${oldId}, but the one given is ${newId}\\.`),
    ),
  };
  expect(await alone()).toEqual(refusal);
  // Half of it done: tenants first, the deployment's own keys last.
  expect((await operator.keys.rotate({ forSeconds: 0, perSecond: 1 })).state).toBe("running");
  expect(await alone()).toEqual(refusal);
  await rotate();
  expect(await alone()).toBeNull();
});

test("after its retirement the old root key starts nothing, wherever it stands, and the new one is named", async () => {
  await rotate();
  await verify();
  await retire();
  expect(await problem(house.another({ provider: before }))).toEqual({
    problem: "wrong_root_key",
    message: expect.stringContaining(`needs the root key ${newId}, but the one given is ${oldId}`),
  });
  expect(await problem(house.another({ provider: before, others: [next] }))).toEqual({
    problem: "wrong_root_key",
    message: expect.stringMatching(new RegExp(`${oldId} was retired on .* needs the root key ${newId} `)),
  });
});

test("a start with wrong root keys names every one that was given", async () => {
  const [one, other] = [localRootKey(randomBytes(32)), localRootKey(randomBytes(32))];
  expect(await problem(house.another({ provider: one, others: [other] }))).toEqual({
    problem: "wrong_root_key",
    message: expect.stringContaining(
      `needs the root key ${oldId}, but the ones given are ${(await one.current()).id} and ${(await other.current()).id}`,
    ),
  });
});

test("a root key is not retired while a key needs it, before all was verified, or while it is current", async () => {
  const sentence = async () => (await refusalOf(operator.keys.retire({ opener: oldId }))).message;
  expect(await sentence()).toBe(
    `13 of 13 keys are not wrapped under ${newId} yet, and need ${oldId}. Rotate and verify first.`,
  );
  expect((await refusalOf(operator.keys.verify({}))).message).toBe(
    `13 of 13 keys are not wrapped under ${newId} yet. Rotate first.`,
  );
  await rotate();
  expect(await sentence()).toBe(`It was not verified yet that every key opens with ${newId}. Verify first.`);
  await verify();
  // A process that was left running with the old root key makes a tenant.
  await furnish("late");
  expect(await sentence()).toBe(
    `2 of 15 keys are not wrapped under ${newId} yet, and need ${oldId}. Rotate and verify first.`,
  );
  await rotate();
  expect(await sentence()).toBe(`It was not verified yet that every key opens with ${newId}. Verify first.`);
  expect(await codeOf(operator.keys.retire({ opener: newId }))).toBe("illegal_state");
  expect(await codeOf(operator.keys.retire({ opener: "local:0000000000000000" }))).toBe("not_found");
  expect(await wraps(oldId)).toBe(12);
  await verify();
  await retire();
  await readAll({ provider: next });
});

test("a process that still has the retired root key makes no tenant under it", async () => {
  await rotate();
  await verify();
  await retire();
  const left = house.as(house.operatorToken);
  expect(await codeOf(left.tenants.create({ slug: "lost" }))).toBe("illegal_state");
  expect(await codeOf(operator.tenants.create({ slug: "kept" }))).toBe("allowed");
});

test("two rotations at once share the job, and no key is wrapped twice or missed", async () => {
  const another = callerOf(await house.another({ provider: next, others: [before] }), house.operatorToken);
  const [one, two] = await Promise.all([rotate(), rotate(another)]);
  expect(one).toMatchObject({ state: "done", done: 13 });
  expect(two.state).toBe("done");
  expect(await wraps(newId)).toBe(10);
  const { events } = await operator.audit.list({ tenant: tenants[0]!.id, action: "key.rewrapped" });
  expect(events.length).toBe(1);
  await readAll({ provider: next });
});

test("a rotation that is held back does no more keys than it may in its time, and goes on from there", async () => {
  const held = await operator.keys.rotate({ perSecond: 4, forSeconds: 0.5 });
  expect(held.state).toBe("running");
  // A tenant has two keys, and one is begun before the time is over.
  expect(held.done).toBeGreaterThanOrEqual(2);
  expect(held.done).toBeLessThanOrEqual(4 * 0.5 + 2);
  expect(await rotate()).toMatchObject({ id: held.id, state: "done", done: 13 });
});

test("tenants that are created, deleted and purged meanwhile are neither missed nor in the way", async () => {
  const old = house.as(house.operatorToken);
  const churn = (async () => {
    for (let i = 0; i < 6; i++) {
      await furnish(`made-${i}`); // under the old root key, by a process that was not restarted yet
      const { id } = await operator.tenants.create({ slug: `brief-${i}` });
      await old.tenants.delete({ tenant: id });
      if (i % 2 === 0) await old.tenants.purge({ tenant: id, confirm: `brief-${i}` });
    }
  })();
  const jobs = [rotate(), toItsEnd(() => operator.keys.rotate({ perSecond: 50, forSeconds: 0.1 }))];
  await Promise.all([churn, ...jobs]);
  expect((await rotate()).state).toBe("done");
  expect((await operator.keys.status({})).lacking).toBe(0);
  await verify();
  await retire();
  await readAll({ provider: next });
});

test("a key service that fails in the middle stops the job by name, and a second run finishes it", async () => {
  let calls = 0;
  let down = true;
  const flaky = Object.create(next) as RootKeyProvider;
  flaky.wrap = (...args) => {
    if (down && ++calls > 3) return Promise.reject(new EnvelopeError("provider_unavailable"));
    return next.wrap(...args);
  };
  const caller = callerOf(await house.another({ provider: flaky, others: [before] }), house.operatorToken);
  expect(await rotate(caller)).toMatchObject({ state: "stopped", problem: "key_unavailable" });
  await readAll({ provider: before, others: [next] });
  expect((await operator.keys.status({})).jobs).toEqual([
    expect.objectContaining({ kind: "rotate", state: "stopped", problem: "key_unavailable" }),
  ]);
  down = false;
  expect(await rotate(caller)).toMatchObject({ state: "done", problem: null, done: 13 });
  await readAll({ provider: next });
});

test("a wrap that does not open again is never stored", async () => {
  const broken = Object.create(next) as RootKeyProvider;
  broken.wrap = async (_key, aad, opener) => next.wrap(randomBytes(32), aad, opener);
  const caller = callerOf(await house.another({ provider: broken, others: [before] }), house.operatorToken);
  const job = await rotate(caller);
  expect(job).toMatchObject({ state: "stopped", problem: "decryption_failed", done: 0 });
  expect(job.failed.length).toBe(5);
  expect(await wraps(newId)).toBe(0);
});

test("a tenant whose key row was edited stops neither the others nor is it passed over", async () => {
  const [victim] = tenants;
  await house.tamper(
    "UPDATE control_plane.key_wraps SET wrapped = $2 WHERE tenant_id = $1 AND purpose = 'value'",
    [victim!.id, randomBytes(62)],
  );
  const job = await rotate();
  expect(job).toMatchObject({ state: "stopped", problem: "integrity_failed", failed: [victim!.id] });
  expect(await wraps(newId)).toBe(8);
  expect(await codeOf(operator.keys.verify({}))).toBe("illegal_state");
  expect(await codeOf(operator.keys.retire({ opener: oldId }))).toBe("illegal_state");
});

test("a wrap that was damaged after the rotation is found by the verification, and nothing is retired", async () => {
  await rotate();
  await house.tamper("UPDATE control_plane.key_wraps SET wrapped = $2 WHERE tenant_id = $1 AND opener = $3", [
    tenants[2]!.id,
    randomBytes(62),
    newId,
  ]);
  expect(await verify()).toMatchObject({
    state: "stopped",
    problem: "integrity_failed",
    failed: [tenants[2]!.id],
  });
  expect((await refusalOf(operator.keys.retire({ opener: oldId }))).code).toBe("illegal_state");
  expect(await wraps(oldId)).toBe(10);
});

test("a wrap that is damaged after the verification keeps its old one, and the retirement stops", async () => {
  await rotate();
  await verify();
  await house.tamper("UPDATE control_plane.key_wraps SET wrapped = $2 WHERE tenant_id = $1 AND opener = $3", [
    tenants[2]!.id,
    randomBytes(62),
    newId,
  ]);
  expect(await retire()).toMatchObject({ state: "stopped", problem: "integrity_failed" });
  const [{ count } = { count: 0 }] = await house.sql<{ count: number }>(
    "SELECT count(*)::int AS count FROM control_plane.key_wraps WHERE tenant_id = $1 AND opener = $2",
    [tenants[2]!.id, oldId],
  );
  expect(count).toBe(2);
  expect((await operator.keys.status({})).rootKeys.find(({ id }) => id === oldId)?.retiredAt).toBeNull();
});

test("a process whose current root key is another one is told so, and does not rotate back", async () => {
  const old = house.as(house.operatorToken);
  expect((await refusalOf(old.keys.rotate({ to: newId }))).message).toBe(
    `The current root key of the process that was asked is ${oldId}. Start it with the new one as its root key.`,
  );
  expect((await operator.keys.rotate({ forSeconds: 0, perSecond: 1 })).state).toBe("running");
  expect((await refusalOf(old.keys.rotate({}))).message).toBe(
    `A rotation to ${newId} is under way. Finish that one where that root key is the current one, or name the one to rotate to instead.`,
  );
});

test("a rotation that is half done is turned back by name, and the old root key alone opens all again", async () => {
  expect((await operator.keys.rotate({ forSeconds: 0, perSecond: 1 })).state).toBe("running");
  await operator.tenants.create({ slug: "under-the-new-one" });
  const back = callerOf(await house.another({ provider: before, others: [next] }), house.operatorToken);
  expect(await toItsEnd(() => back.keys.rotate({ to: oldId }))).toMatchObject({ state: "done", done: 15 });
  expect(await verify(back)).toMatchObject({ state: "done", opener: oldId });
  expect(await toItsEnd(() => back.keys.retire({ opener: newId }))).toMatchObject({ state: "done" });
  await readAll({ provider: before });
});

test("a root key that has served 90 days is overdue, and the start says so in the log", async () => {
  await house.moveClock("91 days");
  const status = await house.as(house.operatorToken).keys.status({});
  expect(status.rotation.overdue).toBe(true);
  expect(status.rootKeys.find(({ id }) => id === oldId)?.ageDays).toBe(91);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    const server = await house.another();
    const told = () => house.logged.filter((line) => line.includes("due for its rotation")).length;
    expect(told()).toBe(1);
    // And again each day, while it runs.
    vi.advanceTimersByTime(24 * 3600 * 1000);
    while (told() < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(await server.keyFacts()).toMatchObject({
      wraps: [{ opener: oldId, count: 13 }],
      rotation: { overdue: true },
    });
    await server.close();
  } finally {
    vi.useRealTimers();
  }
  const patient = await house.another({ rotationDays: 100 });
  expect((await patient.keyFacts()).rotation.overdue).toBe(false);
  const { rotation } = await callerOf(patient, house.operatorToken).keys.status({});
  expect(Date.parse(rotation.dueAt) - Date.parse(status.rotation.dueAt)).toBe(10 * 24 * 3600 * 1000);
});

test("a start that cannot open some tenant's keys says so in the log, and names the root key they need", async () => {
  await rotate();
  await furnish("late"); // made by a process with the old root key
  house.logged.length = 0;
  await house.another({ provider: next });
  expect(house.logged.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ opener: oldId, keys: 2, held: [newId] }),
  ]);
});
