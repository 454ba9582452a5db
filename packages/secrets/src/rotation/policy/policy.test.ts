import { decodeBodies, decodeEvent } from "@keyfold/ledger";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../../testing/house.ts";
import { codeOf, refusalOf } from "../../testing/refusal.ts";
import { FakeTarget } from "../testing/fake-target.ts";

let house: House;
let tenant: string;
let caller: Caller;
const target = new FakeTarget();
beforeEach(async () => {
  const { localRotators } = await import("@keyfold/rotators");
  house = await openHouse({ rotators: [...localRotators, target.rotator()] });
  ({ id: tenant, caller } = await house.tenant("acme"));
});
afterEach(() => house.verify().finally(() => house.close()));

const run = () => house.server.jobs.find(({ name }) => name === "rotations.run")!.run();
const secret = async (name = "KEY") => (await caller.secrets.create({ name, value: "not a real value" })).id;
const uuid = { kind: "uuid", config: {} };

async function reminders() {
  const rows = await house.sql<{ bodies: Buffer }>(
    "SELECT bodies FROM control_plane.audit_batches WHERE chain_id = $1 AND bodies IS NOT NULL ORDER BY number",
    [tenant],
  );
  return rows
    .flatMap((row) => decodeBodies(row.bodies).map(decodeEvent))
    .filter(({ action }) => /^rotation\.(rotation_due|rotation_overdue|expiring|expired)$/.test(action))
    .map(({ action, details }) => [action.slice("rotation.".length), details.reminder, details.escalated]);
}

test("a policy is set, read with its last and next rotation, replaced and removed", async () => {
  const id = await secret();
  expect(await codeOf(caller.rotation.getPolicy({ id }))).toBe("not_found");
  const schedule = { cron: "0 3 * * 1", timeZone: "Europe/Berlin", window: { from: "02:00", to: "05:00" } };
  const set = await caller.rotation.setPolicy({
    id,
    schedule,
    required: true,
    owner: "team-pay",
    rotator: uuid,
  });
  expect(set).toMatchObject({
    secretId: id,
    name: "KEY",
    schedule,
    required: true,
    owner: "team-pay",
    rotator: { kind: "uuid", config: { version: 4 } },
    overdue: false,
    expired: false,
  });
  expect(new Date(set.nextRotationAt!).getUTCDay()).toBe(1);
  expect(await caller.rotation.getPolicy({ id })).toEqual(set);
  expect(await caller.rotation.setPolicy({ id, schedule: { everyDays: 90 } })).toMatchObject({
    required: false,
    rotator: null,
    schedule: { everyDays: 90, timeZone: "UTC" },
  });
  await caller.rotation.removePolicy({ id });
  expect(await codeOf(caller.rotation.removePolicy({ id }))).toBe("not_found");
  expect(await codeOf(caller.rotation.getPolicy({ id }))).toBe("not_found");
  expect((await caller.rotation.due({ within: 366 })).due).toEqual([]);
  expect((await caller.rotation.setPolicy({ id, rotator: uuid })).rotator?.kind).toBe("uuid");
});

test.each<[object, string]>([
  [{}, "give a schedule, a rotator or an expiry"],
  [{ required: true, rotator: uuid }, "a required rotation needs a schedule"],
  [{ schedule: { cron: "0 0 30 2 *" } }, "this expression never fires: no such day comes"],
  [
    { schedule: { everyDays: 7, window: { from: "01:00", to: "01:00" } } },
    "a window of no length never opens: give it another end",
  ],
  [
    { schedule: { everyDays: 7, timeZone: "Mars/Olympus" } },
    "a time zone of the IANA database, such as Europe/Berlin",
  ],
  [{ rotator: { kind: "oracle", config: {} } }, "is no rotator of this deployment"],
  [{ rotator: { kind: "uuid", config: { version: 1 } } }, "is not valid"],
  [{ rotator: { kind: "uuid", config: { more: 1 } } }, "holds a field that is not known here"],
  [
    { rotator: { kind: "password", config: { length: 10, digits: 11 } } },
    "more characters are asked for than the password has",
  ],
  [{ schedule: { everyDays: 8 } }, "is not valid"],
  [{ expiresAt: "tomorrow" }, "is not a valid datetime"],
])("a policy that cannot be kept is a named 4xx: %j", async (policy, message) => {
  const refusal = await refusalOf(caller.rotation.setPolicy({ id: await secret(), ...policy }));
  expect(refusal.code).toBe("bad_input");
  expect(refusal.issues?.map((issue) => issue.message)).toContain(message);
});

test("a secret says itself when it is rotated next, last, and by what, where it is read and where it is listed", async () => {
  const { id } = await caller.secrets.create({ name: "DATED", value: "v" });
  const read = async () => (await caller.secrets.get({ id })).rotation;
  const listed = async () =>
    (await caller.secrets.list({ prefix: "DATED" })).secrets.map(({ rotation }) => rotation);
  expect([await read(), await listed()]).toEqual([null, [null]]);
  const set = { id, schedule: { everyDays: 7 }, required: true, rotator: { kind: "uuid" } } as const;
  const { nextRotationAt } = await caller.rotation.setPolicy(set);
  expect(await read()).toEqual({
    schedule: { everyDays: 7, timeZone: "UTC" },
    required: true,
    rotator: "uuid",
    nextRotationAt,
    expiresAt: null,
    due: false,
    overdue: false,
  });
  expect(await listed()).toEqual([await read()]);
  await house.moveClock("8 days 1 minute");
  expect(await read()).toMatchObject({ due: true, overdue: true });
  await caller.secrets.rotate({ id, value: "by hand" });
  const after = await caller.secrets.get({ id });
  expect(Date.parse(after.rotation!.nextRotationAt!) - Date.parse(after.lastRotatedAt!)).toBe(7 * 86_400_000);
  expect(after.rotation).toMatchObject({ due: false, overdue: false });
  await caller.rotation.removePolicy({ id });
  expect([await read(), await listed()]).toEqual([null, [null]]);
});

test("whoever names a rotator must be allowed to reveal the secret and its logins; a schedule alone needs neither", async () => {
  const [id, login] = [await secret(), await secret("LOGIN")];
  const { environment } = await caller.secrets.get({ id });
  const { id: elsewhere } = await caller.environments.create({ name: "qa" });
  const far = (await caller.secrets.create({ name: "FAR", value: "v", environment: elsewhere })).id;
  const only = async (actions: string[]) =>
    house.as(
      (
        await caller.tokens.create({
          name: `t${actions.length}`,
          actions: actions as never,
          environments: [environment.id],
        })
      ).token!,
    );
  const blind = await only(["rotation.set_policy"]);
  expect(await codeOf(blind.rotation.setPolicy({ id, schedule: { everyDays: 7 } }))).toBe("allowed");
  expect(await codeOf(blind.rotation.setPolicy({ id, rotator: uuid }))).toBe("forbidden");
  const seeing = await only(["rotation.set_policy", "secret.reveal"]);
  const fake = (of: string) => ({ kind: "fake-target", config: { login: { $secret: of } } });
  expect(await codeOf(seeing.rotation.setPolicy({ id, rotator: uuid }))).toBe("allowed");
  expect(await codeOf(seeing.rotation.setPolicy({ id, rotator: fake(login) }))).toBe("allowed");
  expect(await codeOf(seeing.rotation.setPolicy({ id, rotator: fake(far) }))).toBe("not_found");
  expect(await codeOf(seeing.rotation.setPolicy({ id, rotator: fake(id) }))).toBe("bad_input");
  const stranger = (await house.tenant("other")).caller;
  const theirs = (await stranger.secrets.create({ name: "THEIRS", value: "v" })).id;
  expect(await codeOf(seeing.rotation.setPolicy({ id, rotator: fake(theirs) }))).toBe("not_found");
});

test("a policy or a rotation that somebody edited in the database is refused, and nothing rotates by it", async () => {
  const [id, other] = [await secret(), await secret("OTHER")];
  const admin = await secret("ADMIN");
  await caller.rotation.setPolicy({ id, schedule: { everyDays: 7 }, rotator: uuid });
  await house.tamper(
    `UPDATE control_plane.rotation_policies SET rotator = 'fake-target', config = $2, try_at = now() WHERE secret_id = $1`,
    [id, JSON.stringify({ login: { $secret: admin } })],
  );
  await caller.rotation.setPolicy({ id: other, rotator: { kind: "fake-target", config: {} } });
  await caller.rotation.runNow({ id: other });
  await house.tamper("UPDATE control_plane.rotations SET config = $2 WHERE secret_id = $1", [
    other,
    JSON.stringify({ login: { $secret: admin } }),
  ]);
  await run();
  for (const one of [id, other]) expect((await caller.secrets.reveal({ id: one })).version).toBe(1);
  expect(await codeOf(caller.rotation.getPolicy({ id }))).toBe("integrity_failed");
  expect(await codeOf(caller.rotation.status({ id: other }))).toBe("integrity_failed");
  expect(house.logged.join()).toContain("the MAC of a row in rotations");
  expect(house.logged.join()).toContain("the MAC of a row in rotationPolicies");
});

test("regression: the cursor of what is due named secrets that are out of reach", async () => {
  for (const name of ["a/1", "b/1", "a/2", "b/2"])
    await caller.rotation.setPolicy({ id: await secret(name), schedule: { everyDays: 7 } });
  const { token } = await caller.tokens.create({ name: "a only", actions: ["rotation.due"], prefix: "a/" });
  const reader = house.as(token!);
  const first = await reader.rotation.due({ within: 8, limit: 1 });
  const second = await reader.rotation.due({ within: 8, limit: 1, cursor: first.nextCursor! });
  expect([...first.due, ...second.due].map(({ name }) => name).sort()).toEqual(["a/1", "a/2"]);
  expect(JSON.parse(Buffer.from(first.nextCursor!, "base64url").toString())).toEqual([
    first.due[0]!.secretId,
  ]);
  expect(second.nextCursor).toBeNull();
});

test("what people rotate reminds two weeks ahead, three days ahead, when it is due, and every week after; the third escalates", async () => {
  const id = await secret();
  await caller.rotation.setPolicy({ id, schedule: { everyDays: 30 }, required: true, owner: "team-pay" });
  const said = [];
  for (const day of [15, 17, 20, 28, 29, 31, 36, 38]) {
    await house.moveClock(`${day} days`);
    await run();
    await run();
    said.push((await reminders()).length);
  }
  expect(said).toEqual([0, 1, 1, 2, 2, 3, 3, 4]);
  expect(await reminders()).toEqual([
    ["rotation_due", 1, false],
    ["rotation_due", 2, false],
    ["rotation_overdue", 3, true],
    ["rotation_overdue", 4, true],
  ]);
  // Webhooks and streams are told the same.
  const told = await house.sql<{ kind: string; data: object }>(
    "SELECT kind, data FROM control_plane.tenant_messages WHERE secret_id = $1 AND kind LIKE 'secret.rotation%' ORDER BY batch, item",
    [id],
  );
  expect(told.map(({ kind }) => kind)).toEqual([
    ...["secret.rotation_due", "secret.rotation_due"],
    ...["secret.rotation_overdue", "secret.rotation_overdue"],
  ]);
  expect(told.at(-1)!.data).toMatchObject({
    owner: "team-pay",
    required: true,
    reminder: 4,
    escalated: true,
  });
  expect(house.logged.join()).toContain("a secret waits for whoever rotates it");
  const { due } = await caller.rotation.due({});
  expect(due).toMatchObject([
    { secretId: id, state: "overdue", required: true, rotator: null, owner: "team-pay" },
  ]);

  await caller.secrets.rotate({ id, value: "by hand" });
  // The clock runs on; versions are dated by the database.
  await house.moveClock("46 days");
  await run();
  expect((await caller.rotation.due({})).due).toEqual([]);
  expect(await reminders()).toHaveLength(4);
  await house.moveClock("55 days");
  await run();
  expect((await reminders()).at(-1)).toEqual(["rotation_due", 1, false]);
});

test("what should rotate by itself and does not for a day is told of as overdue, and listed as failed", async () => {
  const id = await secret();
  await caller.rotation.setPolicy({
    id,
    schedule: { everyDays: 7 },
    required: true,
    rotator: { kind: "fake-target" },
  });
  target.down = true;
  try {
    for (const day of [7.5, 8.5]) {
      await house.moveClock(`${day * 24} hours`);
      await run();
    }
  } finally {
    target.down = false;
  }
  expect(await reminders()).toEqual([["rotation_overdue", 1, false]]);
  expect((await caller.rotation.due({})).due).toMatchObject([
    { secretId: id, overdue: true, state: "running" },
  ]);
  expect((await caller.secrets.get({ id })).rotation).toMatchObject({ due: true, overdue: true });
});

test("a value that ends reminds of it, and says when it has ended", async () => {
  const id = await secret();
  const expiresAt = new Date(Date.now() + 10 * 86_400_000).toISOString();
  await caller.rotation.setPolicy({ id, expiresAt });
  for (const day of [1, 8, 11]) {
    await house.moveClock(`${day} days`);
    await run();
  }
  expect(await reminders()).toEqual([
    ["expiring", 1, false],
    ["expired", 2, false],
  ]);
  expect((await caller.rotation.due({})).due).toMatchObject([
    { secretId: id, state: "expired", expired: true },
  ]);
});

test("what is due, what comes, what failed and what runs is listed, to each within reach, and counted for operators", async () => {
  const ids = [];
  for (const [name, schedule] of [
    ["A", { everyDays: 7 }],
    ["B", { everyDays: 30 }],
    ["C", { everyDays: 90 }],
  ] as const) {
    const id = await secret(name);
    await caller.rotation.setPolicy({ id, schedule, rotator: uuid });
    ids.push(id);
  }
  const { id: qa } = await caller.environments.create({ name: "qa" });
  const far = (await caller.secrets.create({ name: "FAR", value: "v", environment: qa })).id;
  await caller.rotation.setPolicy({ id: far, schedule: { everyDays: 7 }, rotator: uuid });
  const within = async (who: Caller, days: number, limit = 100) => {
    const found: [string, string][] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await who.rotation.due({ within: days, limit, ...(cursor ? { cursor } : {}) });
      found.push(...page.due.map((one): [string, string] => [one.name, one.state]));
      if (page.nextCursor === null) return found.sort();
      cursor = page.nextCursor;
    }
  };
  expect(await within(caller, 0)).toEqual([]);
  await house.moveClock("7 days 1 hour");
  expect(await within(caller, 0)).toEqual([
    ["A", "due"],
    ["FAR", "due"],
  ]);
  for (const limit of [1, 2, 100])
    expect(await within(caller, 30, limit)).toEqual([
      ["A", "due"],
      ["B", "coming"],
      ["FAR", "due"],
    ]);
  const { token } = await caller.tokens.create({ name: "qa", preset: "reader", environments: [qa] });
  expect(await within(house.as(token), 30)).toEqual([["FAR", "due"]]);
  const operator = house.as(house.operatorToken);
  expect((await operator.rotation.overview({})).tenants).toEqual([
    { tenant, policies: 4, due: 2, running: 0, failed: 0 },
  ]);
  await house.moveClock("9 days");
  expect((await within(caller, 0))[0]).toEqual(["A", "overdue"]);
  await run();
  expect(await within(caller, 0)).toEqual([]);
  expect(await codeOf(caller.rotation.due({ cursor: "nonsense" }))).toBe("bad_input");
});

test("a purged tenant's policies and rotations are gone with it", async () => {
  const id = await secret();
  await caller.rotation.setPolicy({ id, rotator: uuid });
  await caller.rotation.runNow({ id });
  const operator = house.as(house.operatorToken);
  await operator.tenants.delete({ tenant });
  await operator.tenants.purge({ tenant, confirm: "acme" });
  for (const table of ["rotation_policies", "rotations"])
    expect(await house.sql(`SELECT 1 FROM control_plane.${table} WHERE tenant_id = $1`, [tenant])).toEqual(
      [],
    );
});

test("the rotators are listed with what each can be told", async () => {
  const { rotators } = await caller.rotation.rotators({});
  const password = rotators.find(({ kind }) => kind === "password");
  expect(password).toMatchObject({
    title: "Password: a length and a policy",
    hasTarget: false,
    config: { type: "object", properties: { length: { default: 32, maximum: 256 } } },
  });
});
