import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { type Person, personOf } from "../testing/person.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
let acme: Awaited<ReturnType<House["tenant"]>>;
let owner: Person;
let admin: Person;
let developer: Person;
let shop: string;
let prod: string;
let staging: string;
let sequence = 0;

beforeAll(async () => {
  house = await openHouse();
  acme = await house.tenant("acme");
  owner = await personOf(house.server, acme.id, "Olga");
  await acme.caller.members.add({ personId: owner.id, name: "Olga", grants: [{ role: "owner" }] });
  admin = await member("admin");
  developer = await member("developer");
  shop = (await acme.caller.projects.create({ name: "shop" })).id;
  const { environments } = await acme.caller.environments.list({ project: shop });
  const named = (name: string) => environments.find((one) => one.name === name)!.id;
  [prod, staging] = [named("prod"), named("staging")];
  for (const environment of [prod, staging])
    await acme.caller.secrets.create({ ...at(environment), name: "LIVE", value: "not a real value" });
  await owner.caller.environments.protect({ environment: prod, protection: "all" });
  await owner.caller.environments.protect({ environment: staging, protection: "changes" });
});
afterAll(async () => {
  await house.verify().finally(() => house.close());
});

const at = (environment: string) => ({ project: shop, environment });
const live = (environment: string) => ({ ...at(environment), name: "LIVE" });

async function member(role: string): Promise<Person> {
  const one = await personOf(house.server, acme.id, role);
  await owner.caller.members.add({ personId: one.id, name: role, grants: [{ role }] });
  return one;
}

type Request = Omit<Parameters<Caller["approvals"]["request"]>[0], "reason">;

async function approved(by: Person, request: Request, approver: Person = admin): Promise<string> {
  const { id } = await by.caller.approvals.request({ ...request, reason: "a release" });
  await approver.caller.approvals.decide({ id, approve: true });
  return id;
}

describe("in a protected environment", () => {
  test("what was said with the decision stands with it, and in the audit log", async () => {
    const { id } = await developer.caller.approvals.request({
      ...live(staging),
      kind: "change",
      reason: "a release",
    });
    const decided = await admin.caller.approvals.decide({ id, approve: false, reason: "Not before Monday" });
    expect([decided.state, decided.decisionReason]).toEqual(["refused", "Not before Monday"]);
    const { approvals } = await developer.caller.approvals.list({});
    expect(approvals.find((one) => one.id === id)?.decisionReason).toBe("Not before Monday");
    const { events } = await owner.caller.audit.list({ action: "approval.refused" });
    expect(events[0]?.reason).toBe("Not before Monday");
    await house.tamper("UPDATE control_plane.approvals SET decision_reason = 'another' WHERE id = $1", [id]);
    expect(await codeOf(developer.caller.approvals.list({}))).toBe("integrity_failed");
    await house.tamper(
      "UPDATE control_plane.approvals SET decision_reason = 'Not before Monday' WHERE id = $1",
      [id],
    );
  });

  test("a change takes a request, another person's yes, and happens within the hour", async () => {
    const one = await member("developer");
    const name = `NEW${++sequence}`;
    const create = () => codeOf(one.caller.secrets.create({ ...at(staging), name, value: "not real" }));
    expect(await create()).toBe("approval_required");
    const request = { ...at(staging), name, kind: "change" as const };
    const { id, state } = await one.caller.approvals.request({ ...request, reason: "a release" });
    expect(state).toBe("requested");
    expect(await create()).toBe("approval_required");
    expect(await codeOf(one.caller.approvals.decide({ id, approve: true }))).toBe("forbidden");
    expect((await admin.caller.approvals.decide({ id, approve: true })).state).toBe("approved");
    expect(await create()).toBe("allowed");
    // For this name, and no other; for this person, and no other.
    expect(await codeOf(one.caller.secrets.set({ ...live(staging), value: "x" }))).toBe("approval_required");
    expect(await codeOf(developer.caller.secrets.set({ ...at(staging), name, value: "x" }))).toBe(
      "approval_required",
    );
    expect(await codeOf(one.caller.secrets.set({ ...at(staging), name, value: "another" }))).toBe("allowed");
    await house.moveClock("61 minutes");
    try {
      expect(await codeOf(one.caller.secrets.set({ ...at(staging), name, value: "late" }))).toBe(
        "approval_required",
      );
    } finally {
      await house.moveClock("0");
    }
  });

  test("where all is protected people reveal with an approval; a yes to a change is none to a reveal", async () => {
    const one = await member("developer");
    expect(await codeOf(one.caller.secrets.reveal(live(staging)))).toBe("allowed");
    const reveal = () => codeOf(one.caller.secrets.reveal(live(prod)));
    expect(await reveal()).toBe("approval_required");
    await approved(one, { ...live(prod), kind: "change" });
    expect(await reveal()).toBe("approval_required");
    expect(await codeOf(one.caller.secrets.revealMany({ ...at(prod), names: ["LIVE"] }))).toBe(
      "approval_required",
    );
    await approved(one, { ...live(prod), kind: "reveal" });
    expect(await reveal()).toBe("allowed");
    await house.moveClock("61 minutes");
    try {
      expect(await reveal()).toBe("approval_required");
    } finally {
      await house.moveClock("0");
    }
  });

  test("services read on, and change nothing; metadata is seen; revoking waits for nobody", async () => {
    expect(await codeOf(acme.caller.secrets.reveal(live(prod)))).toBe("allowed");
    expect(await codeOf(acme.caller.secrets.set({ ...live(prod), value: "x" }))).toBe("forbidden");
    expect(await codeOf(acme.caller.secrets.create({ ...at(prod), name: "MORE", value: "x" }))).toBe(
      "forbidden",
    );
    expect(await codeOf(developer.caller.secrets.get(live(prod)))).toBe("allowed");
    const name = `LEAKED${++sequence}`;
    await approved(owner, { ...at(prod), name, kind: "change" });
    const { id } = await owner.caller.secrets.create({ ...at(prod), name, value: "not real" });
    expect(await codeOf(developer.caller.versions.revoke({ id, version: 1, reason: "leaked" }))).toBe(
      "allowed",
    );
    const operator = house.as(house.operatorToken);
    expect(await codeOf(operator.secrets.delete({ tenant: acme.id, id }))).toBe("forbidden");
  });

  test("whoever asked decides it in no other session, by no token of theirs, and from no other tenant", async () => {
    const { id } = await admin.caller.approvals.request({ ...live(staging), kind: "change", reason: "mine" });
    const elsewhere = await admin.again({ factorSecondsAgo: 1 });
    expect(await codeOf(elsewhere.caller.approvals.decide({ id, approve: true }))).toBe("forbidden");
    const { token } = await admin.caller.tokens.create({ name: "mine", preset: "writer" });
    expect(await codeOf(house.as(token).approvals.decide({ id, approve: true }))).toBe("forbidden");
    const other = await house.tenant("other-approvals");
    const stranger = await personOf(house.server, other.id, "Stranger");
    await other.caller.members.add({ personId: stranger.id, name: "S", grants: [{ role: "owner" }] });
    expect(await codeOf(stranger.caller.approvals.decide({ id, approve: true }))).toBe("not_found");
    expect(await codeOf(stranger.caller.approvals.decide({ tenant: acme.id, id, approve: true }))).toBe(
      "not_found",
    );
    await admin.caller.approvals.request({ ...live(staging), kind: "change", reason: "another" });
    const { nextCursor } = await admin.caller.approvals.list({ limit: 1 });
    const seen = await stranger.caller.approvals.list({ cursor: nextCursor! });
    expect(seen.approvals).toEqual([]);
  });

  test("a no is a no, and what was decided or has expired is not decided again", async () => {
    const one = await member("developer");
    const ask = async () =>
      (await one.caller.approvals.request({ ...live(staging), kind: "change", reason: "please" })).id;
    const decide = (id: string, approve: boolean) => codeOf(admin.caller.approvals.decide({ id, approve }));
    const no = await ask();
    expect(await decide(no, false)).toBe("allowed");
    expect(await decide(no, true)).toBe("illegal_state");
    expect(await codeOf(one.caller.secrets.set({ ...live(staging), value: "x" }))).toBe("approval_required");
    await house.moveClock("-25 hours");
    const late = await (await one.again({})).caller.approvals
      .request({ ...live(staging), kind: "change", reason: "please" })
      .finally(() => house.moveClock("0"));
    expect(await decide(late.id, true)).toBe("illegal_state");
  });

  test("only people ask and decide, and only where they may", async () => {
    const { id } = await developer.caller.approvals.request({ ...live(prod), kind: "reveal", reason: "r" });
    expect(await codeOf(acme.caller.approvals.decide({ id, approve: true }))).toBe("forbidden");
    expect(
      await codeOf(house.as(house.operatorToken).approvals.decide({ tenant: acme.id, id, approve: true })),
    ).toBe("forbidden");
    const other = await member("developer");
    expect(await codeOf(other.caller.approvals.decide({ id, approve: true }))).toBe("forbidden");
    const elsewhere = await personOf(house.server, acme.id, "elsewhere");
    const grants = [{ role: "admin", projects: [shop], environments: [staging] }];
    await owner.caller.members.add({ personId: elsewhere.id, name: "E", grants });
    expect(await codeOf(elsewhere.caller.approvals.decide({ id, approve: true }))).toBe("not_found");
    const seen = await elsewhere.caller.approvals.list({});
    expect(seen.approvals.every(({ environmentId }) => environmentId === staging)).toBe(true);
    expect(
      (await admin.caller.approvals.list({ state: "requested" })).approvals.map((one) => one.id),
    ).toContain(id);
    const viewer = await member("viewer");
    expect(
      await codeOf(viewer.caller.approvals.request({ ...live(prod), kind: "reveal", reason: "r" })),
    ).toBe("forbidden");
    expect(
      await codeOf(
        developer.caller.approvals.request({ ...at(prod), name: "LIVE", kind: "reveal" } as never),
      ),
    ).toBe("bad_input");
  });

  test("an approval that was written into the database lets nobody in", async () => {
    const one = await member("developer");
    const asked = await one.caller.approvals.request({ ...live(prod), kind: "reveal", reason: "r" });
    await house.tamper(
      `UPDATE control_plane.approvals SET state = 'approved', decided_by = '{}', decided_at = now() WHERE id = $1`,
      [asked.id],
    );
    expect(await codeOf(one.caller.secrets.reveal(live(prod)))).toBe("integrity_failed");
    await house.tamper("DELETE FROM control_plane.approvals WHERE id = $1", [asked.id]);
  });
});

test("protecting takes one; asking for less takes two", async () => {
  const { id: environment } = await owner.caller.environments.create({ project: shop, name: "canary" });
  const protect = (by: Person, protection: "changes" | "all" | null) =>
    codeOf(by.caller.environments.protect({ environment, protection }));
  expect(await protect(developer, "changes")).toBe("forbidden");
  expect(await protect(admin, "changes")).toBe("allowed");
  expect(await protect(admin, "all")).toBe("allowed");
  expect(await protect(admin, "changes")).toBe("approval_required");
  expect(await protect(admin, null)).toBe("approval_required");
  await approved(admin, { ...at(environment), kind: "change" }, owner);
  expect(await protect(admin, null)).toBe("allowed");
  const { environments } = await owner.caller.environments.list({ project: shop });
  expect(environments.find(({ id }) => id === environment)?.protection).toBeNull();
});

test("a protection that was taken away in the database is an environment that nobody reads from", async () => {
  await house.tamper("UPDATE control_plane.environments SET protection = NULL WHERE id = $1", [prod]);
  expect(await codeOf(acme.caller.secrets.reveal(live(prod)))).toBe("integrity_failed");
  await house.tamper("UPDATE control_plane.environments SET protection = 'all' WHERE id = $1", [prod]);
});

test("a secret asks for two people by itself, where its environment does not", async () => {
  const name = `POLICY${++sequence}`;
  const { id } = await acme.caller.secrets.create({ name, value: "not a real value" });
  await owner.caller.secrets.setAccessPolicy({ id, policy: { approvals: "all" } });
  expect(await codeOf(developer.caller.secrets.reveal({ id }))).toBe("approval_required");
  await approved(developer, { id, kind: "reveal" });
  expect(await codeOf(developer.caller.secrets.reveal({ id }))).toBe("allowed");
  // And so does the way out of it.
  expect(await codeOf(owner.caller.secrets.setAccessPolicy({ id, policy: null }))).toBe("approval_required");
});

describe("broken glass", () => {
  test("lets an owner go on alone for a quarter of an hour, with a reason, and tells everybody", async () => {
    const { id } = await acme.caller.secrets.get(live(prod));
    const broken = (by: Person) => codeOf(by.caller.approvals.breakGlass({ id, reason: "the shop is down" }));
    expect(await broken(developer)).toBe("forbidden");
    expect(await broken(admin)).toBe("forbidden");
    expect(await codeOf(acme.caller.approvals.breakGlass({ id, reason: "the shop is down" }))).toBe(
      "forbidden",
    );
    expect(await codeOf(owner.caller.approvals.breakGlass({ id, reason: "" }))).toBe("bad_input");
    expect(await codeOf(owner.caller.secrets.reveal({ id }))).toBe("approval_required");
    expect(await broken(owner)).toBe("allowed");
    expect(await codeOf(owner.caller.secrets.reveal({ id }))).toBe("allowed");
    expect(await codeOf(owner.caller.secrets.rotate({ id, value: "another, not real" }))).toBe("allowed");
    expect(await codeOf(admin.caller.secrets.reveal({ id }))).toBe("approval_required");
    const told = await house.sql(
      "SELECT data FROM control_plane.tenant_messages WHERE tenant_id = $1 AND kind = 'secret.glass_broken'",
      [acme.id],
    );
    expect(told).toMatchObject([{ data: { by: "Olga" } }]);
    const { events } = await owner.caller.audit.list({ action: "secret.glass_broken" });
    expect(events).toMatchObject([
      { reason: "the shop is down", actor: { type: "user", id: owner.id } },
      {},
      {},
      {},
    ]);
    await house.moveClock("16 minutes");
    try {
      expect(await codeOf(owner.caller.secrets.reveal({ id }))).toBe("approval_required");
    } finally {
      await house.moveClock("0");
    }
  });
});
