import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROLE_NAMES } from "../access/roles.ts";
import { parseInput, performAs, type Verb } from "../flow/verb.ts";
import { insideOf } from "../host/inside.ts";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { type Person, personOf } from "../testing/person.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
let acme: Awaited<ReturnType<House["tenant"]>>;
let owner: Person;
let projects: Record<"shop" | "blog", string>;

beforeAll(async () => {
  house = await openHouse();
  acme = await house.tenant("acme");
  owner = await person("Olga");
  await acme.caller.members.add({ personId: owner.id, name: "Olga", grants: [{ role: "owner" }] });
  const make = async (name: string) => (await acme.caller.projects.create({ name })).id;
  projects = { shop: await make("shop"), blog: await make("blog") };
});
afterAll(async () => {
  await house.verify().finally(() => house.close());
});

type Grants = Parameters<Caller["members"]["add"]>[0]["grants"];

const person = (name: string) => personOf(house.server, acme.id, name);

async function member(grants: Grants, name = "Somebody"): Promise<Person> {
  const one = await person(name);
  await owner.caller.members.add({ personId: one.id, name, grants });
  return one;
}

async function secret(name: string, place: { project?: string; environment?: string } = {}): Promise<string> {
  return (await owner.caller.secrets.create({ ...place, name, value: "not a real value" })).id;
}

describe("who belongs to a tenant", () => {
  test("a person is nobody until they are a member, and nobody again once they are removed", async () => {
    const one = await person("Eve");
    expect(await codeOf(one.caller.secrets.list({}))).toBe("unauthenticated");
    await owner.caller.members.add({ personId: one.id, name: "Eve", grants: [{ role: "viewer" }] });
    expect(await codeOf(one.caller.secrets.list({}))).toBe("allowed");
    const listed = await owner.caller.members.list({});
    expect(listed.members.map(({ personId }) => personId)).toContain(one.id);
    await owner.caller.members.remove({ personId: one.id });
    expect(await codeOf(one.caller.secrets.list({}))).toBe("unauthenticated");
    expect(await codeOf(owner.caller.members.get({ personId: one.id }))).toBe("not_found");
    // And again, as somebody else.
    await owner.caller.members.add({ personId: one.id, name: "Eve", grants: [{ role: "developer" }] });
    expect((await one.caller.identity.get({})).actions).toContain("secret.reveal");
    expect(
      await codeOf(owner.caller.members.add({ personId: one.id, name: "E", grants: [{ role: "viewer" }] })),
    ).toBe("illegal_state");
  });

  test("a member of one tenant is none of another, and learns nothing of it", async () => {
    const globex = await house.tenant("globex");
    const there = await owner.again({ tenantId: globex.id });
    expect(await codeOf(there.caller.secrets.list({}))).toBe("unauthenticated");
    expect(await codeOf(owner.caller.secrets.list({ tenant: globex.id }))).toBe("not_found");
    expect(await codeOf(owner.caller.secrets.list({ tenant: "no-such-tenant" }))).toBe("not_found");
    expect(await codeOf(owner.caller.members.get({ tenant: globex.slug, personId: owner.id }))).toBe(
      "not_found",
    );
  });

  test("an operator lets the first owner in, never a second person, and nobody by a first token after that", async () => {
    const operator = house.as(house.operatorToken);
    const { id } = await operator.tenants.create({ slug: "initech" });
    const add = (role: string, personId = randomUUID()) =>
      codeOf(operator.members.add({ tenant: id, personId, name: "P", grants: [{ role }] }));
    expect(await add("admin")).toBe("illegal_state");
    const first = randomUUID();
    expect(await add("owner", first)).toBe("allowed");
    expect(await add("owner")).toBe("forbidden");
    expect(await codeOf(operator.tokens.create({ tenant: id, name: "mine" }))).toBe("forbidden");
    // Nor once all are gone.
    await house.tamper("UPDATE control_plane.memberships SET removed_at = now() WHERE tenant_id = $1", [id]);
    expect(await add("owner")).toBe("forbidden");
    // Where there was a token first, the operator lets no person in.
    await house.tenant("umbrella");
    const late = { tenant: "umbrella", personId: randomUUID(), name: "P", grants: [{ role: "owner" }] };
    expect(await codeOf(operator.members.add(late))).toBe("forbidden");
  });

  test("a token that may do everything makes a first owner, and no second one", async () => {
    const hooli = await house.tenant("hooli");
    const reader = house.as((await hooli.caller.tokens.create({ name: "r", preset: "reader" })).token!);
    const add = (caller: Caller, role: string) =>
      codeOf(caller.members.add({ personId: randomUUID(), name: "P", grants: [{ role }] }));
    expect(await add(reader, "owner")).toBe("forbidden");
    expect(await add(hooli.caller, "owner")).toBe("allowed");
    expect(await add(hooli.caller, "owner")).toBe("forbidden");
    expect(await add(hooli.caller, "admin")).toBe("allowed");
  });

  test("the last owner is neither removed nor demoted, and of two at once one stays", async () => {
    const nakatomi = await house.tenant("nakatomi");
    const one = await personOf(house.server, nakatomi.id, "One");
    const two = await personOf(house.server, nakatomi.id, "Two");
    await nakatomi.caller.members.add({ personId: one.id, name: "One", grants: [{ role: "owner" }] });
    expect(await codeOf(one.caller.members.remove({ personId: one.id }))).toBe("illegal_state");
    for (const grants of [
      [{ role: "admin" }],
      [{ role: "owner", prefix: "a/" }],
      [{ role: "owner", expiresAt: "2099-01-01T00:00:00.000Z" }],
    ])
      expect(await codeOf(one.caller.members.change({ personId: one.id, grants }))).toBe("illegal_state");
    await one.caller.members.add({ personId: two.id, name: "Two", grants: [{ role: "owner" }] });
    const outcomes = await Promise.all([
      codeOf(one.caller.members.remove({ personId: one.id })),
      codeOf(two.caller.members.remove({ personId: two.id })),
    ]);
    expect(outcomes).toContain("allowed");
    expect(outcomes.filter((code) => code === "allowed")).toHaveLength(1);
    const left = [await codeOf(one.caller.secrets.list({})), await codeOf(two.caller.secrets.list({}))];
    expect(left.sort()).toEqual(["allowed", "unauthenticated"]);
  });
});

describe("nobody gives more than they hold", () => {
  test("an admin makes no owner, changes none and removes none; a developer gives nothing", async () => {
    const admin = await member([{ role: "admin" }]);
    const developer = await member([{ role: "developer" }]);
    const add = (by: Person, role: string) =>
      codeOf(by.caller.members.add({ personId: randomUUID(), name: "P", grants: [{ role }] }));
    expect(await add(admin, "owner")).toBe("forbidden");
    expect(await add(admin, "admin")).toBe("allowed");
    expect(await add(developer, "viewer")).toBe("forbidden");
    expect(
      await codeOf(admin.caller.members.change({ personId: owner.id, grants: [{ role: "viewer" }] })),
    ).toBe("forbidden");
    expect(await codeOf(admin.caller.members.remove({ personId: owner.id }))).toBe("forbidden");
    expect(
      await codeOf(admin.caller.members.change({ personId: admin.id, grants: [{ role: "owner" }] })),
    ).toBe("forbidden");
    expect(
      await codeOf(admin.caller.members.change({ personId: developer.id, grants: [{ role: "viewer" }] })),
    ).toBe("allowed");
  });

  test("whose right ends gives nothing that lasts longer, and no token either", async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const later = new Date(Date.now() + 7_200_000).toISOString();
    const brief = await member([{ role: "admin", expiresAt: until }]);
    const add = (expiresAt: string | null) =>
      codeOf(
        brief.caller.members.add({
          personId: randomUUID(),
          name: "P",
          grants: [{ role: "viewer", expiresAt }],
        }),
      );
    expect(await add(null)).toBe("forbidden");
    expect(await add(later)).toBe("forbidden");
    expect(await add(until)).toBe("allowed");
    expect(await codeOf(brief.caller.tokens.create({ name: "t", expiresInSeconds: null }))).toBe("forbidden");
    expect(await codeOf(brief.caller.tokens.create({ name: "t", expiresInSeconds: 7200 }))).toBe("forbidden");
    expect(await codeOf(brief.caller.tokens.create({ name: "t", expiresInSeconds: 60 }))).toBe("allowed");
  });

  test("a person's token reaches no further than they do", async () => {
    const admin = await member([{ role: "admin", prefix: "billing/" }]);
    const create = (prefix?: string) =>
      codeOf(admin.caller.tokens.create({ name: "t", ...(prefix === undefined ? {} : { prefix }) }));
    expect(await create()).toBe("forbidden");
    expect(await create("bill")).toBe("forbidden");
    expect(await create("billing/eu/")).toBe("allowed");
  });
});

describe("what a member reaches", () => {
  test("each grant holds where it says, and an action of one does not reach the places of another", async () => {
    const [inShop, inBlog] = [await secret("S", { project: "shop" }), await secret("S", { project: "blog" })];
    const one = await member([
      { role: "developer", projects: ["shop"] },
      { role: "viewer", projects: ["blog"] },
    ]);
    expect(await codeOf(one.caller.secrets.reveal({ id: inShop }))).toBe("allowed");
    expect(await codeOf(one.caller.secrets.reveal({ id: inBlog }))).toBe("not_found");
    expect(await codeOf(one.caller.secrets.get({ id: inBlog }))).toBe("allowed");
    expect(await codeOf(one.caller.secrets.set({ project: "blog", name: "S", value: "x" }))).toBe(
      "not_found",
    );
    expect(await codeOf(one.caller.secrets.delete({ id: inBlog }))).toBe("not_found");
    const { projects: seen } = await one.caller.projects.list({});
    expect(seen.map(({ name }) => name)).toEqual(["blog", "shop"]);
  });

  test("a prefix bounds what is seen, listed, made, renamed and restored", async () => {
    const mine = await secret("billing/STRIPE");
    const other = await secret("mail/SENDGRID");
    const one = await member([{ role: "developer", prefix: "billing/" }]);
    const { caller } = one;
    expect(await codeOf(caller.secrets.reveal({ id: mine }))).toBe("allowed");
    expect(await codeOf(caller.secrets.reveal({ id: other }))).toBe("not_found");
    expect(await codeOf(caller.secrets.reveal({ name: "mail/SENDGRID" }))).toBe("not_found");
    for (const prefix of ["b", "billing/", "billing/S"]) {
      const { secrets } = await caller.secrets.list({ prefix });
      expect(
        secrets.map(({ name }) => name),
        prefix,
      ).toEqual(["billing/STRIPE"]);
    }
    expect((await caller.secrets.list({})).secrets).toHaveLength(1);
    expect((await caller.secrets.list({ prefix: "mail/" })).secrets).toEqual([]);
    // A name outside answers the same whether or not it is taken.
    for (const name of ["mail/SENDGRID", "mail/NONE"]) {
      expect(await codeOf(caller.secrets.create({ name, value: "x" }))).toBe("not_found");
      expect(await codeOf(caller.secrets.set({ name, value: "x" }))).toBe("not_found");
      expect(await codeOf(caller.secrets.setMany({ items: [{ name, value: "x" }] }))).toBe("not_found");
      expect(await codeOf(caller.secrets.update({ id: mine, rename: name }))).toBe("not_found");
      expect(await codeOf(caller.secrets.revealMany({ names: ["billing/STRIPE", name] }))).toBe("not_found");
    }
    const made = await caller.secrets.create({ name: "billing/NEW", value: "x" });
    await caller.secrets.delete({ id: made.id });
    expect(await codeOf(caller.secrets.restore({ id: made.id, name: "mail/NEW" }))).toBe("not_found");
    expect(await codeOf(caller.secrets.restore({ id: made.id }))).toBe("allowed");
    expect(await codeOf(caller.environments.create({ name: "new" }))).toBe("forbidden");
  });

  test("regression: who may rename a secret gave it a name under which they may read it", async () => {
    const hidden = await secret("mail/HIDDEN");
    await owner.caller.roles.create({
      name: "renamer",
      actions: ["secret.get", "secret.update", "secret.delete", "secret.restore"],
    });
    const { caller } = await member([{ role: "renamer" }, { role: "developer", prefix: "billing/" }]);
    expect(await codeOf(caller.secrets.reveal({ id: hidden }))).toBe("not_found");
    const rename = (name: string) => codeOf(caller.secrets.update({ id: hidden, rename: name }));
    expect(await rename("billing/HIDDEN")).toBe("forbidden");
    expect(await rename("mail/RENAMED")).toBe("allowed");
    await caller.secrets.delete({ id: hidden });
    expect(await codeOf(caller.secrets.restore({ id: hidden, name: "billing/HIDDEN" }))).toBe("forbidden");
    expect(await codeOf(caller.secrets.restore({ id: hidden }))).toBe("allowed");
    // What they hold as much of by either name, they rename.
    const mine = await secret("billing/MINE");
    expect(await codeOf(caller.secrets.update({ id: mine, rename: "billing/OURS" }))).toBe("allowed");
    expect(await codeOf(caller.secrets.update({ id: mine, rename: "mail/OURS" }))).toBe("allowed");
  });

  test("pages hold only what two grants let one see, without gaps", async () => {
    for (let i = 0; i < 6; i++) {
      await secret(`eu/K${i}`, { project: "shop" });
      await secret(`us/K${i}`, { project: "shop" });
      await secret(`eu/K${i}`, { project: "blog" });
    }
    const one = await member([
      { role: "viewer", projects: ["shop"], prefix: "eu/" },
      { role: "viewer", projects: ["blog"], prefix: "eu/K5" },
    ]);
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await one.caller.secrets.list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      names.push(...page.secrets.map(({ name }) => name));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(names).toEqual(["eu/K0", "eu/K1", "eu/K2", "eu/K3", "eu/K4", "eu/K5", "eu/K5"]);
  });

  test("a grant ends by itself, by the database's clock, and others of the same person go on", async () => {
    const id = await secret("ENDING");
    const one = await member([
      { role: "viewer" },
      { role: "developer", expiresAt: new Date(Date.now() + 60_000).toISOString() },
    ]);
    expect(await codeOf(one.caller.secrets.reveal({ id }))).toBe("allowed");
    await house.moveClock("61 seconds");
    try {
      expect(await codeOf(one.caller.secrets.reveal({ id }))).toBe("forbidden");
      expect(await codeOf(one.caller.secrets.get({ id }))).toBe("allowed");
    } finally {
      await house.moveClock("0");
    }
  });

  test("a person is no consumer, however often they read", async () => {
    const id = await secret("READ");
    await owner.caller.secrets.reveal({ id });
    await house.server.flush();
    expect((await owner.caller.consumers.list({ id })).consumers).toEqual([]);
    expect(await codeOf(owner.caller.consumers.ack({ id, version: 1 }))).toBe("forbidden");
  });

  test.each(ROLE_NAMES)("identity tells a %s what they may do and where", async (role) => {
    const one = await member([{ role, projects: [projects.shop] }], "Ida");
    const who = await one.caller.identity.get({});
    expect(who).toMatchObject({
      type: "user",
      id: one.id,
      name: "Ida",
      via: "session",
      projects: [projects.shop],
    });
    expect(who.tenant).toEqual({ id: acme.id, slug: "acme" });
  });
});

describe("rights that change", () => {
  test("are met by the very next call, in another process too", async () => {
    const id = await secret("NEXT");
    const one = await member([{ role: "developer" }]);
    const elsewhere = await one.again({ server: await house.another() });
    expect(await codeOf(elsewhere.caller.secrets.reveal({ id }))).toBe("allowed");
    await owner.caller.members.change({ personId: one.id, grants: [{ role: "viewer" }] });
    expect(await codeOf(elsewhere.caller.secrets.reveal({ id }))).toBe("forbidden");
    await owner.caller.members.remove({ personId: one.id });
    expect(await codeOf(elsewhere.caller.secrets.get({ id }))).toBe("unauthenticated");
  });

  test("a read, a list or a change that was authenticated before the right was taken does not go through", async () => {
    const id = await secret("RACE");
    const services = insideOf.get(house.server)!;
    const take = (by: Person) =>
      owner.caller.members.change({ personId: by.id, grants: [{ role: "viewer" }] });
    const drop = (by: Person) => owner.caller.members.remove({ personId: by.id });
    for (const end of [take, drop])
      for (const [verb, input] of [
        [verbs.secrets.reveal, { id }],
        [verbs.secrets.get, { id }],
        [verbs.secrets.rotate, { id, value: "another, not real" }],
      ] as [Verb, object][]) {
        const one = await member([{ role: "developer" }]);
        const before = (await one.actor())!;
        await end(one);
        const request = requestInfo({});
        const call = performAs(services, verb, request, parseInput(verb.input, input), async () => before);
        expect(await codeOf(call)).toBe("conflict");
      }
  });
});

describe("roles of a tenant's own", () => {
  test("hold what they say, change for all who hold them, and stay while somebody does", async () => {
    const id = await secret("ROLE");
    const role = await owner.caller.roles.create({
      name: "reader of values",
      actions: ["secret.get", "secret.reveal"],
    });
    const one = await member([{ role: "reader of values" }]);
    expect(await codeOf(one.caller.secrets.reveal({ id }))).toBe("allowed");
    expect(await codeOf(one.caller.secrets.list({}))).toBe("forbidden");
    await owner.caller.roles.change({ id: role.id, actions: ["secret.list"] });
    expect(await codeOf(one.caller.secrets.reveal({ id }))).toBe("forbidden");
    expect(await codeOf(one.caller.secrets.list({}))).toBe("allowed");
    expect(await codeOf(owner.caller.roles.delete({ id: role.id }))).toBe("illegal_state");
    await owner.caller.members.remove({ personId: one.id });
    expect(await codeOf(owner.caller.roles.delete({ id: role.id }))).toBe("allowed");
    expect((await owner.caller.roles.list({})).roles.map(({ id }) => id)).not.toContain(role.id);
    expect(
      await codeOf(
        owner.caller.members.add({ personId: randomUUID(), name: "P", grants: [{ role: role.id }] }),
      ),
    ).toBe("not_found");
  });

  test("are made of no more than their maker holds everywhere, and pass for none of ours", async () => {
    const admin = await member([{ role: "admin" }]);
    const create = (by: Person, name: string, actions: string[]) =>
      codeOf(by.caller.roles.create({ name, actions } as never));
    expect(await create(admin, "ender", ["tenant.shred"])).toBe("forbidden");
    expect(await create(owner, "consumer", ["consumer.ack"])).toBe("bad_input");
    expect(await create(owner, "deployer", ["tenant.create"])).toBe("bad_input");
    for (const name of ["owner", "Owner", "operator", randomUUID(), ""])
      expect(await create(owner, name, ["secret.get"]), name).toBe("bad_input");
    const made = await owner.caller.roles.create({ name: "ender", actions: ["tenant.shred"] });
    expect(await create(owner, "ender", ["secret.get"])).toBe("name_taken");
    expect(await codeOf(admin.caller.roles.change({ id: made.id, actions: ["secret.get"] }))).toBe(
      "forbidden",
    );
    expect(
      await codeOf(
        admin.caller.members.add({ personId: randomUUID(), name: "P", grants: [{ role: "ender" }] }),
      ),
    ).toBe("forbidden");
  });
});

describe("who writes to the database", () => {
  const widen = `[{"role":"owner","projects":null,"environments":null,"prefix":null,"expiresAt":null}]`;
  test.each([
    ["widens a grant", `UPDATE control_plane.memberships SET grants = '${widen}' WHERE person_id = $1`],
    [
      "brings a removed one back",
      "UPDATE control_plane.memberships SET removed_at = NULL WHERE person_id = $1",
      true,
    ],
    [
      "takes another's place",
      "UPDATE control_plane.memberships SET generation = generation + 1 WHERE person_id = $1",
    ],
  ])("%s: refused, and named to the operator", async (_, sql, removed = false) => {
    const id = await secret(`DB-${randomUUID()}`);
    const one = await member([{ role: "developer" }]);
    if (removed) await owner.caller.members.remove({ personId: one.id });
    await house.tamper(sql as string, [one.id]);
    expect(await codeOf(one.caller.secrets.reveal({ id }))).toBe("integrity_failed");
    expect(house.logged.at(-1)).toContain("memberships");
    await house.tamper("UPDATE control_plane.memberships SET removed_at = now() WHERE person_id = $1", [
      one.id,
    ]);
  });

  test("widens a role: refused", async () => {
    const role = await owner.caller.roles.create({ name: "small", actions: ["secret.get"] });
    const one = await member([{ role: role.id }]);
    await house.tamper(
      `UPDATE control_plane.tenant_roles SET actions = '["secret.get","secret.reveal"]' WHERE id = $1`,
      [role.id],
    );
    expect(await codeOf(one.caller.identity.get({}))).toBe("integrity_failed");
    expect(house.logged.at(-1)).toContain("tenantRoles");
    // The others' lists go on.
    await house.tamper("UPDATE control_plane.tenant_roles SET deleted_at = now() WHERE id = $1", [role.id]);
  });
});

test.each([
  ["no grants", { grants: [] }],
  ["a role that there is not", { grants: [{ role: "king" }] }, "not_found"],
  ["an expiry that has passed", { grants: [{ role: "viewer", expiresAt: "2020-01-01T00:00:00.000Z" }] }],
  ["no id", { personId: "me", grants: [{ role: "viewer" }] }],
  ["a field that is not known", { grants: [{ role: "viewer", owner: true }] }],
  ["another tenant's project", { grants: [{ role: "viewer", projects: [randomUUID()] }] }, "not_found"],
  ["an empty prefix", { grants: [{ role: "viewer", prefix: "" }] }],
])("%s is refused", async (_, input, code = "bad_input") => {
  expect(
    await codeOf(owner.caller.members.add({ personId: randomUUID(), name: "P", ...input } as never)),
  ).toBe(code);
});
