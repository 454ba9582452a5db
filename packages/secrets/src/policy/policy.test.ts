import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Verb } from "../flow/verb.ts";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { type Person, personOf } from "../testing/person.ts";
import { codeOf, refusalOf } from "../testing/refusal.ts";
import { kindOf, UNJUDGED } from "./judge.ts";

let house: House;
let acme: Awaited<ReturnType<House["tenant"]>>;
let owner: Person;
let developer: Person;
let dev: string;
let shop: string;
let sequence = 0;

beforeAll(async () => {
  house = await openHouse();
  acme = await house.tenant("acme");
  owner = await personOf(house.server, acme.id, "Olga");
  await acme.caller.members.add({ personId: owner.id, name: "Olga", grants: [{ role: "owner" }] });
  developer = await member("developer", "Dora");
  const project = await acme.caller.projects.create({ name: "shop" });
  shop = project.id;
  const { environments } = await acme.caller.environments.list({ project: shop });
  dev = environments.find(({ name }) => name === "dev")!.id;
});
afterAll(async () => {
  await house.verify().finally(() => house.close());
});

async function member(role: string, name: string): Promise<Person> {
  const one = await personOf(house.server, acme.id, name);
  await owner.caller.members.add({ personId: one.id, name, grants: [{ role }] });
  return one;
}

type Policy = NonNullable<Parameters<Caller["secrets"]["setAccessPolicy"]>[0]["policy"]>;

async function secret(policy: Policy | null = null): Promise<string> {
  const name = `S${++sequence}`;
  const { id } = await acme.caller.secrets.create({ project: shop, name, value: "not a real value" });
  if (policy !== null) await owner.caller.secrets.setAccessPolicy({ id, policy });
  return id;
}

async function service(facts: object): Promise<Caller> {
  const { token } = await acme.caller.tokens.create({ name: "t", preset: "writer", ...facts });
  return house.as(token!);
}

test("every verb that changes a secret or a version, or shows a value, is judged by policies or is named as one that is not", () => {
  for (const noun of ["secrets", "versions", "rotation", "consumers"] as const)
    for (const [name, verb] of Object.entries(verbs[noun]) as [string, Verb][])
      if (verb.changes || name.startsWith("reveal"))
        expect(kindOf(verb.action) !== null || UNJUDGED.has(verb.action), `${noun}.${name}`).toBe(true);
});

test("a policy is not said over what somebody else said meanwhile, where that is asked for", async () => {
  const id = await secret();
  const { generation } = await acme.caller.secrets.get({ id });
  const ours = { id, policy: { writeOnly: true }, expectedGeneration: generation };
  await owner.caller.secrets.setAccessPolicy(ours);
  expect(await codeOf(owner.caller.secrets.setAccessPolicy({ ...ours, policy: { mfa: true } }))).toBe(
    "version_mismatch",
  );
  const { accessPolicy } = await acme.caller.secrets.get({ id });
  expect(accessPolicy).toMatchObject({ writeOnly: true, mfa: false });
});

describe("allowed services", () => {
  test("a service is who its token says, on reads and on changes, warm ones too", async () => {
    const id = await secret();
    const billing = await service({ consumerName: "billing" });
    const mailer = await service({ consumerName: "mailer" });
    for (const caller of [billing, mailer]) {
      expect(await codeOf(caller.secrets.reveal({ id }))).toBe("allowed");
      expect(await codeOf(caller.secrets.reveal({ id }))).toBe("allowed");
    }
    await owner.caller.secrets.setAccessPolicy({ id, policy: { services: ["billing"] } });
    expect(await codeOf(billing.secrets.reveal({ id }))).toBe("allowed");
    const refusal = await refusalOf(mailer.secrets.reveal({ id }));
    expect([refusal.code, refusal.message]).toEqual([
      "forbidden",
      "The access policy of this secret does not name this service.",
    ]);
    for (const call of [
      () => mailer.versions.reveal({ id, version: 1 }),
      () => mailer.secrets.rotate({ id, value: "x" }),
      () => mailer.secrets.delete({ id }),
      () => mailer.secrets.update({ id, description: "d" }),
    ])
      expect(await codeOf(call())).toBe("forbidden");
    expect(await codeOf(mailer.secrets.get({ id }))).toBe("allowed");
    expect(await codeOf(billing.secrets.rotate({ id, value: "x" }))).toBe("allowed");
    // People's rights are their roles'.
    expect(await codeOf(developer.caller.secrets.reveal({ id }))).toBe("allowed");
    await owner.caller.secrets.setAccessPolicy({ id, policy: null });
    expect(await codeOf(mailer.secrets.reveal({ id }))).toBe("allowed");
  });

  test("a policy that is set is met by the next read in another process, which had read it already", async () => {
    const id = await secret();
    const { token } = await acme.caller.tokens.create({ name: "elsewhere", preset: "reader" });
    const other = await house.another();
    const there = () => codeOf(other.invoke(verbs.secrets.reveal, requestInfo({ token }), { id }));
    expect([await there(), await there()]).toEqual(["allowed", "allowed"]);
    await owner.caller.secrets.setAccessPolicy({ id, policy: { services: ["nobody"] } });
    expect(await there()).toBe("forbidden");
  });

  test("who may not see the secret's metadata learns nothing of a policy", async () => {
    const id = await secret({ services: ["billing"] });
    const blind = await service({ actions: ["secret.reveal"], preset: undefined });
    expect(await codeOf(blind.secrets.reveal({ id }))).toBe("not_found");
  });
});

describe("allowed environments", () => {
  test("a right that is not confined to them does not do", async () => {
    const id = await secret({ environments: [dev] });
    const wide = await service({});
    const confined = await service({ projects: [shop], environments: [dev] });
    expect(await codeOf(wide.secrets.reveal({ id }))).toBe("forbidden");
    expect(await codeOf(confined.secrets.reveal({ id }))).toBe("allowed");
    expect(await codeOf(owner.caller.secrets.reveal({ id }))).toBe("forbidden");
    const one = await personOf(house.server, acme.id);
    const grants = [{ role: "developer", projects: [shop], environments: [dev] }];
    await owner.caller.members.add({ personId: one.id, name: "P", grants });
    expect(await codeOf(one.caller.secrets.reveal({ id }))).toBe("allowed");
    // Whoever sets policies is not locked out of setting this one right.
    expect(await codeOf(owner.caller.secrets.setAccessPolicy({ id, policy: null }))).toBe("allowed");
  });
});

describe("a second factor", () => {
  test("counts for five minutes, and no machine proves one", async () => {
    const id = await secret({ mfa: true });
    const reveal = async (seconds?: number) =>
      codeOf(
        (
          await developer.again(seconds === undefined ? {} : { factorSecondsAgo: seconds })
        ).caller.secrets.reveal({ id }),
      );
    expect(await reveal()).toBe("factor_required");
    expect(await reveal(0)).toBe("allowed");
    expect(await reveal(290)).toBe("allowed");
    expect(await reveal(301)).toBe("factor_required");
    // Whoever was let in no further is told of.
    const { events } = await acme.caller.audit.list({ target: id, outcome: "denied" });
    expect(events.map(({ action, actor, details }) => [action, actor.id, details.code])).toEqual(
      [1, 2].map(() => ["secret.accessed", developer.id, "factor_required"]),
    );
    expect(await codeOf((await service({})).secrets.reveal({ id }))).toBe("forbidden");
    expect(await codeOf(acme.caller.secrets.rotate({ id, value: "x" }))).toBe("forbidden");
    const operator = house.as(house.operatorToken);
    expect(await codeOf(operator.secrets.delete({ tenant: acme.id, id }))).toBe("forbidden");
    // What refuses reads waits for nobody.
    expect(
      await codeOf(operator.versions.revoke({ tenant: acme.id, id, version: 1, reason: "leaked" })),
    ).toBe("allowed");
  });

  test("is asked for on changes, of the policy too", async () => {
    const id = await secret({ mfa: true });
    const fresh = await owner.again({ factorSecondsAgo: 0 });
    for (const call of [
      (c: Caller) => c.secrets.rotate({ id, value: "x" }),
      (c: Caller) => c.secrets.setAccessPolicy({ id, policy: { mfa: true, writeOnly: true } }),
      (c: Caller) => c.secrets.delete({ id }),
    ]) {
      expect(await codeOf(call(owner.caller))).toBe("factor_required");
      expect(await codeOf(call(fresh.caller))).toBe("allowed");
    }
  });
});

describe("write-only values", () => {
  test("regression: whether a value equals it was told to people before saving", async () => {
    const open = await secret();
    const id = await secret({ writeOnly: true });
    const names = new Map(
      (await owner.caller.secrets.list({ project: shop })).secrets.map((one) => [one.id, one.name]),
    );
    const ask = (caller: Caller) =>
      caller.secrets.check({ project: shop, items: [{ name: names.get(id)!, value: "not a real value" }] });
    const told = (await ask(developer.caller)).items[0]!;
    expect(told.unchanged).toBe(false);
    expect(told.equals.map((one) => one.id)).not.toContain(id);
    expect((await ask(await service({}))).items[0]!.unchanged).toBe(true);
    const other = { name: names.get(open)!, value: "not a real value" };
    const { items } = await developer.caller.secrets.check({ project: shop, items: [other] });
    expect(items[0]!.unchanged).toBe(true);
    expect(items[0]!.equals.map((one) => one.id)).not.toContain(id);
  });

  test("are revealed to services and to no person, not even by a guess", async () => {
    const id = await secret({ writeOnly: true });
    const { name, version } = await owner.caller.secrets.get({ id });
    for (const who of [owner, developer]) {
      expect(await codeOf(who.caller.secrets.reveal({ id }))).toBe("forbidden");
      expect(await codeOf(who.caller.versions.reveal({ id, version: 1 }))).toBe("forbidden");
      expect(await codeOf(who.caller.secrets.revealMany({ project: shop, names: [name] }))).toBe("forbidden");
    }
    expect(await codeOf((await service({})).secrets.reveal({ id }))).toBe("allowed");
    // Who may not read is not told that what they set is what there was.
    const set = await developer.caller.secrets.set({ project: shop, name, value: "not a real value" });
    expect([set.changed, set.secret.version]).toEqual([true, version! + 1]);
    expect(await codeOf(owner.caller.approvals.breakGlass({ id, reason: "a test" }))).toBe("allowed");
    expect(await codeOf(owner.caller.secrets.reveal({ id }))).toBe("forbidden");
  });
});

describe("who may set a policy", () => {
  test.each([
    ["no services", { services: [] }],
    ["an environment that is no id", { environments: ["prod"] }],
    ["a field that is not known", { mfaRequired: true }],
    ["another kind of approval", { approvals: "some" }],
  ])("not with %s", async (_, policy) => {
    const id = await secret();
    expect(await codeOf(owner.caller.secrets.setAccessPolicy({ id, policy: policy as never }))).toBe(
      "bad_input",
    );
  });

  test("owners and admins, and it shows in the secret", async () => {
    const id = await secret();
    const policy = { services: ["b", "a", "b"], mfa: true };
    expect(await codeOf(developer.caller.secrets.setAccessPolicy({ id, policy }))).toBe("forbidden");
    const admin = await member("admin", "Ada");
    expect(await codeOf(admin.caller.secrets.setAccessPolicy({ id, policy }))).toBe("allowed");
    expect((await owner.caller.secrets.get({ id })).accessPolicy).toEqual({
      services: ["a", "b"],
      environments: null,
      mfa: true,
      writeOnly: false,
      approvals: null,
    });
  });

  test("not whoever writes to the database: a policy that was taken away there is a row that nobody reads", async () => {
    const id = await secret({ writeOnly: true });
    const sql = "SELECT access_policy::text AS policy FROM control_plane.secrets WHERE id = $1";
    const [row] = await house.sql<{ policy: string }>(sql, [id]);
    await house.tamper("UPDATE control_plane.secrets SET access_policy = NULL WHERE id = $1", [id]);
    expect(await codeOf(owner.caller.secrets.reveal({ id }))).toBe("integrity_failed");
    // The others' lists go on.
    await house.tamper("UPDATE control_plane.secrets SET access_policy = $2::jsonb WHERE id = $1", [
      id,
      row!.policy,
    ]);
    expect(await codeOf(owner.caller.secrets.reveal({ id }))).toBe("forbidden");
  });
});
