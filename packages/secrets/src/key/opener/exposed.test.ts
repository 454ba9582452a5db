import { randomBytes } from "node:crypto";
import { EnvelopeError, localRootKey, type RootKeyProvider } from "@keyfold/envelope";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { KeyfoldServer } from "../../server.ts";
import { type Caller, callerOf, type House, openHouse } from "../../testing/house.ts";
import { toItsEnd } from "../../testing/keys.ts";
import { codeOf } from "../../testing/refusal.ts";

/* What a removed opener could open is told in full, whatever else is done to the keys meanwhile. */

let house: House;
let opener: string;
/** A server that was not given the opener any more. */
let without: KeyfoldServer;
let operator: Caller;
/** Whether acme's own key opens: its owner may switch it off. */
let off: boolean;
beforeEach(async () => {
  off = false;
  const recovery = localRootKey(randomBytes(32));
  opener = (await recovery.current()).id;
  const theirs = localRootKey(randomBytes(32));
  const acme: RootKeyProvider = {
    ...theirs,
    unwrap: (...args) => (off ? Promise.reject(new EnvelopeError("not_authentic")) : theirs.unwrap(...args)),
  };
  house = await openHouse({ also: [recovery], tenantRootKeys: { acme: { provider: acme } } });
  without = await house.another({ also: [] });
  operator = callerOf(without, house.operatorToken);
});
afterEach(async () => {
  await house.verify().finally(() => house.close());
});

async function furnish(slug: string) {
  const { id, caller } = await house.tenant(slug);
  for (const name of ["K", "L"]) await caller.secrets.create({ name, value: `${name} of ${slug}, not real` });
  return { id, caller };
}
const exposedBy = async (job: string) =>
  (await operator.keys.exposed({ job })).exposed.map(({ tenant, name }) => `${tenant} ${name}`).sort();
const remove = () => toItsEnd(() => operator.keys.removeOpener({ opener }));

test("a re-encryption that was begun before a removal leaves it the tenants that the opener opens", async () => {
  const one = await furnish("one");
  await operator.keys.reEncrypt({ forSeconds: 0, perSecond: 1 });
  const begun = await operator.keys.removeOpener({ opener, forSeconds: 0, perSecond: 1 });
  expect(begun.state).toBe("running");
  expect(await operator.keys.reEncrypt({ forSeconds: 0.5 })).toMatchObject({
    state: "stopped",
    problem: "illegal_state",
    failed: [one.id],
  });
  expect(house.logged.join("\n")).toContain(`The removal of ${opener} from this tenant is under way.`);
  expect(await remove()).toMatchObject({ id: begun.id, state: "done" });
  expect(await exposedBy(begun.id)).toEqual(["one K", "one L"]);
  // The server's own job goes on with it, after a while.
  await house.moveClock("6 minutes");
  await without.jobs.find(({ name }) => name === "key_jobs.continue")!.run();
  const { jobs } = await operator.keys.status({});
  expect(jobs.find(({ kind }) => kind === "re_encrypt")).toMatchObject({ state: "done", problem: null });
});

test.each(["rotateTenant", "reEncrypt"] as const)(
  "%s that is begun during a removal goes on with the others",
  async (kind) => {
    const [one, two] = [await furnish("one"), await furnish("two")];
    const begun = await operator.keys.removeOpener({ opener, tenant: "one", forSeconds: 0, perSecond: 1 });
    expect(await toItsEnd(() => operator.keys[kind]({}))).toMatchObject({
      state: "stopped",
      failed: [one.id],
    });
    expect(await codeOf(two.caller.secrets.reveal({ name: "K" }))).toBe("allowed");
    const done = await toItsEnd(() => operator.keys.removeOpener({ opener, tenant: "one" }));
    expect(done).toMatchObject({ id: begun.id, state: "done" });
    expect(await exposedBy(begun.id)).toEqual(["one K", "one L"]);
    expect(await toItsEnd(() => operator.keys[kind]({}))).toMatchObject({ state: "done" });
  },
);

test("a value that two openers could open, of which one is removed after the other, is on both lists", async () => {
  await furnish("one");
  const first = await remove();
  const second = localRootKey(randomBytes(32));
  const { id } = await second.current();
  const having = callerOf(await house.another({ also: [second] }), house.operatorToken);
  await toItsEnd(() => having.keys.rotateTenant({}));
  const last = await toItsEnd(() => operator.keys.removeOpener({ opener: id }));
  expect(await exposedBy(last.id)).toEqual(["one K", "one L"]);
  expect(await exposedBy(first.id)).toEqual(["one K", "one L"]);
});

test("a customer who switches their own key off keeps nobody from removing an opener", async () => {
  await house.as(house.operatorToken).tenants.create({ slug: "acme", rootKey: "acme" });
  await furnish("other");
  off = true;
  expect(await toItsEnd(() => operator.keys.reEncrypt({}))).toMatchObject({
    state: "stopped",
    problem: "decryption_failed",
  });
  const done = await remove();
  expect(done).toMatchObject({ state: "done" });
  expect(await exposedBy(done.id)).toEqual(["other K", "other L"]);
});

test("a server that was not given an opener any more does not lose it with a new key: it is removed first", async () => {
  const one = await furnish("one");
  // A mere rotation leaves the digest key, and with it the opener.
  expect(await toItsEnd(() => operator.keys.rotateTenant({}))).toMatchObject({ state: "done" });
  expect(await toItsEnd(() => operator.keys.reEncrypt({ digests: true }))).toMatchObject({
    state: "stopped",
    problem: "illegal_state",
    failed: [one.id],
  });
  expect(house.logged.join("\n")).toContain(
    `Remove it first: keyfold keys remove-opener ${opener} ${one.id}`,
  );
  const done = await remove();
  expect(done).toMatchObject({ state: "done" });
  expect(await exposedBy(done.id)).toEqual(["one K", "one L"]);
  expect(await toItsEnd(() => operator.keys.reEncrypt({ digests: true }))).toMatchObject({ state: "done" });
});
