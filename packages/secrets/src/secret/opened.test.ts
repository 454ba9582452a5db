import { createEnvelope } from "@keyfold/envelope";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../testing/house.ts";

/* What each call decrypts, told by the envelope itself. */

const done: string[] = [];
let house: House;
let caller: Caller;
beforeAll(async () => {
  house = await openHouse({ envelope: createEnvelope({ observe: (operation) => done.push(operation) }) });
  ({ caller } = await house.tenant("acme"));
  await caller.secrets.set({ name: "K", value: "sk_test_not_a_real_key" });
  await caller.secrets.set({ name: "K", value: "sk_test_the_next_one" });
});
afterAll(() => house.close());

/** How often a call is at opening a value. */
async function openedBy(call: () => Promise<unknown>): Promise<number> {
  const before = done.filter((operation) => operation === "open").length;
  await call();
  return done.filter((operation) => operation === "open").length - before;
}

test("H3: whatever does not answer with a value opens none", async () => {
  const { id } = await caller.secrets.get({ name: "K" });
  const calls: [string, () => Promise<unknown>][] = [
    ["list", () => caller.secrets.list({})],
    ["get", () => caller.secrets.get({ id })],
    ["versions", () => caller.versions.list({ id })],
    ["blast radius", () => caller.secrets.blastRadius({ id })],
    ["what is due", () => caller.rotation.due({})],
    ["audit", () => caller.audit.list({})],
    ["update", () => caller.secrets.update({ id, description: "about it" })],
    ["rotate", () => caller.secrets.rotate({ id, value: "sk_test_the_third_one" })],
    ["revoke", () => caller.versions.revoke({ id, version: 2, reason: "over" })],
    ["destroy", () => caller.versions.destroy({ id, version: 2, reason: "over" })],
    ["delete", () => caller.secrets.delete({ id })],
    ["restore", () => caller.secrets.restore({ id })],
  ];
  for (const [what, call] of calls) expect(await openedBy(call), what).toBe(0);
});

test("H3: a reveal opens the one value that it answers with, and nothing else of its secret", async () => {
  // Both halves of opening are counted: deriving the value's key, and opening the value with it.
  expect(await openedBy(() => caller.secrets.reveal({ name: "K" }))).toBe(2);
});
