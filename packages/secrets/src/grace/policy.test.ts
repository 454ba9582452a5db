import { decodeBodies, decodeEvent } from "@keyfold/ledger";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type Caller, type House, openHouse } from "../testing/house.ts";
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

type Policy = "time" | "acknowledgement" | "hold";
const sweep = () => house.server.jobs.find((job) => job.name === "graces.settle")!.run();
async function secret(gracePolicy: Policy, graceSeconds = 3600): Promise<string> {
  return (
    await caller.secrets.create({ name: `S${++sequence}`, value: "value 1", gracePolicy, graceSeconds })
  ).id;
}
async function reader(consumerName: string): Promise<string> {
  return (await caller.tokens.create({ name: `t${++sequence}`, preset: "reader", consumerName })).token!;
}
async function reads(token: string, id: string, instance: string | null = null): Promise<void> {
  await house.server.invoke(verbs.secrets.reveal, requestInfo({ token, instance }), { id });
  await house.server.flush();
}
const ack = (token: string, id: string, version: number, instance?: string, leaseSeconds = 86_400) =>
  house.as(token).consumers.ack({ id, version, instance, leaseSeconds });
const rotate = (id: string) => caller.secrets.rotate({ id, value: `value ${++sequence}` });
const first = async (id: string) => (await caller.versions.list({ id })).versions.at(-1)!;
async function told(id: string) {
  const rows = await house.sql<{ bodies: Buffer }>(
    "SELECT bodies FROM control_plane.audit_batches WHERE chain_id = $1 ORDER BY number",
    [tenantId],
  );
  return rows
    .flatMap((row) => decodeBodies(row.bodies).map(decodeEvent))
    .filter((event) => event.target?.id === id && /grace_(ended|held)$/.test(event.action))
    .map((event) => [event.action, event.details.cause ?? event.details.consumers ?? null]);
}

test("by acknowledgement a grace ends as soon as every live instance of every consumer uses a newer version", async () => {
  const id = await secret("acknowledgement");
  const [billing, web] = [await reader("billing"), await reader("web")];
  for (const [token, instance] of [
    [billing, "a"],
    [billing, "b"],
    [web, "a"],
  ] as const)
    await ack(token, id, 1, instance);
  await rotate(id);
  await reads(billing, id, "b"); // read, and not yet used
  await ack(billing, id, 2, "a");
  await ack(web, id, 2, "a");
  await sweep();
  expect(await first(id)).toMatchObject({ state: "grace", opens: true });
  expect((await house.as(billing).versions.reveal({ id, version: 1 })).value).toBe("value 1");
  await ack(billing, id, 2, "b");
  expect(await first(id)).toMatchObject({ state: "destroyed", opens: false });
  expect(await codeOf(house.as(billing).versions.reveal({ id, version: 1 }))).toBe("version_destroyed");
  expect(await told(id)).toEqual([["version.grace_ended", "moved"]]);
});

test("an instance whose lease ends is waited for no more, and a consumer that is removed neither", async () => {
  const id = await secret("acknowledgement");
  const [crashed, stays, removed] = [await reader("crashed"), await reader("stays"), await reader("removed")];
  await ack(crashed, id, 1, "a", 60);
  await ack(removed, id, 1, "a");
  await rotate(id);
  await ack(stays, id, 2, "a");
  await sweep();
  expect((await first(id)).state).toBe("grace");
  await caller.consumers.remove({ id, consumer: "removed" });
  await sweep();
  expect((await first(id)).state).toBe("grace");
  await house.moveClock("61 seconds");
  await sweep();
  expect((await first(id)).state).toBe("destroyed");
});

test("with no consumer known, or only such as never acknowledge, the deadline rules", async () => {
  const [nobody, silent] = [await secret("acknowledgement"), await secret("acknowledgement")];
  const plain = await reader("plain");
  await reads(plain, silent);
  for (const id of [nobody, silent]) await rotate(id);
  await reads(plain, silent); // has read the new one: who knows what its other processes use
  await sweep();
  for (const id of [nobody, silent]) expect((await first(id)).state).toBe("grace");
  await house.moveClock("61 minutes");
  for (const id of [nobody, silent])
    expect(await codeOf(caller.versions.reveal({ id, version: 1 }))).toBe("version_expired");
  await sweep();
  for (const id of [nobody, silent]) expect(await told(id)).toEqual([["version.grace_ended", "time"]]);
});

test("by hold a grace outlasts its deadline while a live consumer is on it, and somebody hears of it daily", async () => {
  const id = await secret("hold");
  const [moves, stays] = [await reader("moves"), await reader("stays")];
  for (const token of [moves, stays]) await reads(token, id);
  await rotate(id);
  await reads(moves, id);
  await house.moveClock("2 hours");
  await sweep();
  await sweep();
  expect(await first(id)).toMatchObject({ state: "grace", held: true, opens: true });
  const opened = await house.as(stays).versions.reveal({ id, version: 1 });
  expect([opened.value, opened.openUntil]).toEqual(["value 1", null]); // not by time
  expect((await house.as(stays).versions.reveal({ id, version: 1 })).openUntil).toBeNull(); // warm, too
  expect(await told(id)).toEqual([["version.grace_held", 1]]);
  await house.moveClock("26 hours 1 minute");
  await sweep();
  expect(await told(id)).toEqual([
    ["version.grace_held", 1],
    ["version.grace_held", 1],
  ]);
  await reads(stays, id);
  await sweep();
  expect((await first(id)).state).toBe("destroyed");
  expect((await told(id)).at(-1)).toEqual(["version.grace_ended", "moved"]);
  expect(await codeOf(house.as(stays).versions.reveal({ id, version: 1 }))).toBe("version_destroyed");
});

test("by hold a grace does not end before its deadline, and with nobody on it, it ends then", async () => {
  const id = await secret("hold");
  await rotate(id);
  await sweep();
  expect((await first(id)).state).toBe("grace");
  await house.moveClock("61 minutes");
  // Nobody ended it yet, and its row says that it is held: it opens.
  expect((await caller.versions.reveal({ id, version: 1 })).value).toBe("value 1");
  await sweep();
  expect(await codeOf(caller.versions.reveal({ id, version: 1 }))).toBe("version_destroyed");
});

test("what a grace is held by is its row, from its beginning: a policy that changes later leaves it as it is", async () => {
  const id = await secret("time");
  await rotate(id);
  await caller.secrets.update({ id, gracePolicy: "hold" });
  expect(await first(id)).toMatchObject({ held: false });
  await house.moveClock("61 minutes");
  expect(await codeOf(caller.versions.reveal({ id, version: 1 }))).toBe("version_expired");
  await house.moveClock("0");
  await caller.secrets.update({ id, gracePolicy: "time" });
  expect((await caller.secrets.get({ id })).gracePolicy).toBe("time");
  expect(await codeOf(caller.secrets.update({ id, gracePolicy: "never" as never }))).toBe("bad_input");
});

test("a version or a secret is not taken from under its consumers without force and a reason; the refusal says how many and who", async () => {
  const id = await secret("time");
  await reads(await reader("billing"), id, "a");
  await ack(await reader("web"), id, 1, "a");
  const takes: [string, (more: object) => Promise<unknown>][] = [
    ["revoke", (more) => caller.versions.revoke({ id, version: 1, reason: "leaked", ...more })],
    ["destroy", (more) => caller.versions.destroy({ id, version: 1, reason: "leaked", ...more })],
    ["delete", (more) => caller.secrets.delete({ id, ...more })],
  ];
  for (const [name, take] of takes) {
    const refusal = await refusalOf(take({}));
    expect([name, refusal.code, refusal.issues]).toEqual([
      name,
      "in_use",
      [
        { path: "consumers", message: "billing (other) uses version 1" },
        { path: "consumers", message: "web (other) uses version 1" },
      ],
    ]);
    expect(refusal.message).toMatch(
      /^2 consumers still use (version 1|this secret)\. Wait until they have moved;/,
    );
  }
  expect(await codeOf(caller.secrets.delete({ id, force: true }))).toBe("bad_input");
  await rotate(id);
  expect(await codeOf(caller.versions.endGrace({ id, version: 1, reason: "r" }))).toBe("in_use");
  // Nobody is on the new one yet.
  expect(await codeOf(caller.versions.revoke({ id, version: 2, reason: "r" }))).toBe("allowed");
  const forced = await caller.versions.endGrace({ id, version: 1, reason: "leaked", force: true });
  expect(forced.state).toBe("destroyed");
  expect((await caller.secrets.delete({ id, force: true, reason: "over" })).state).toBe("deleted");
});

test("who may revoke and not see the secret's metadata hears how many consumers there are, and not who", async () => {
  const id = await secret("time");
  await reads(await reader("billing"), id);
  const { token } = await caller.tokens.create({ name: "kill switch", actions: ["version.revoke"] });
  const refusal = await refusalOf(house.as(token).versions.revoke({ id, version: 1, reason: "leaked" }));
  expect([refusal.code, refusal.issues]).toEqual(["in_use", undefined]);
  expect(refusal.message).toContain("One consumer still uses version 1.");
  const operator = house.as(house.operatorToken);
  expect(
    (await refusalOf(operator.versions.revoke({ tenant: tenantId, id, version: 1, reason: "r" }))).issues,
  ).toHaveLength(1);
  await house.moveClock("31 days"); // a reader that was not heard of for so long holds nobody up
  expect(await codeOf(house.as(token).versions.revoke({ id, version: 1, reason: "leaked" }))).toBe("allowed");
});

test("200 instances that acknowledge at once end the grace once", { timeout: 60_000 }, async () => {
  const id = await secret("acknowledgement");
  const token = await reader("fleet");
  const instances = Array.from({ length: 200 }, (_, i) => `pod-${i}`);
  await Promise.all(instances.map((instance) => ack(token, id, 1, instance)));
  await rotate(id);
  await Promise.all(instances.map((instance) => ack(token, id, 2, instance)));
  await sweep(); // of two that were last together, neither may have seen the other
  expect((await first(id)).state).toBe("destroyed");
  expect(await told(id)).toEqual([["version.grace_ended", "moved"]]);
});
