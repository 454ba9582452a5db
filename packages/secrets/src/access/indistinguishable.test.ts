import { randomUUID } from "node:crypto";
import type { TRPCError } from "@trpc/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { codeOf, keyfoldError } from "../testing/refusal.ts";

let house: House;
let acme: Awaited<ReturnType<House["tenant"]>>;
let globex: Awaited<ReturnType<House["tenant"]>>;
/** A token of acme for its project "shop" alone, that may do everything there. */
let narrow: Caller;
const ids = {} as Record<
  "secret" | "deleted" | "hidden" | "foreign" | "foreignProject" | "foreignEnvironment" | "foreignToken",
  string
> &
  Record<"hiddenProject" | "hiddenEnvironment" | "hiddenToken" | "shop" | "shopDev", string>;

beforeAll(async () => {
  house = await openHouse();
  [acme, globex] = [await house.tenant("acme"), await house.tenant("globex")];
  const shop = await acme.caller.projects.create({ name: "shop" });
  const vault = await acme.caller.projects.create({ name: "vault" });
  const made = await acme.caller.tokens.create({ name: "narrow", preset: "admin", projects: ["shop"] });
  narrow = house.as(made.token);
  const value = "not a real value";
  ids.shop = shop.id;
  ids.secret = (await narrow.secrets.create({ name: "MINE", value })).id;
  ids.shopDev = (await narrow.secrets.get({ id: ids.secret })).environment.id;
  ids.deleted = (await narrow.secrets.create({ name: "GONE", value })).id;
  await narrow.secrets.delete({ id: ids.deleted });
  const hidden = await acme.caller.secrets.create({ project: vault.id, name: "HIDDEN", value });
  ids.hidden = hidden.id;
  ids.hiddenProject = vault.id;
  ids.hiddenEnvironment = hidden.environment.id;
  ids.hiddenToken = (await acme.caller.tokens.create({ name: "whole", preset: "reader" })).details.id;
  const foreign = await globex.caller.secrets.create({ name: "FOREIGN", value });
  await globex.caller.projects.create({ name: "foreign" });
  ids.foreign = foreign.id;
  ids.foreignProject = foreign.project.id;
  ids.foreignEnvironment = foreign.environment.id;
  ids.foreignToken = (await globex.caller.tokens.create({ name: "theirs", preset: "reader" })).details.id;
});
afterAll(() => house.close());

/** All that a caller sees of an outcome, as bytes. */
async function seen(call: Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await call);
  } catch (error) {
    const { code, message, issues } = keyfoldError(error);
    const { code: trpc, message: said } = error as TRPCError;
    return JSON.stringify({ code, message, issues, trpc, said });
  }
}

const absent = () => randomUUID();
const NOTHING = JSON.stringify({
  code: "not_found",
  message: "There is no such thing here, or this token may not see it.",
  trpc: "NOT_FOUND",
  said: "There is no such thing here, or this token may not see it.",
});

test("a secret that is not mine to see looks like one that never was, in every call that takes an id", async () => {
  const calls: ((id: string) => Promise<unknown>)[] = [
    (id) => narrow.secrets.get({ id }),
    (id) => narrow.secrets.reveal({ id }),
    (id) => narrow.secrets.rotate({ id, value: "not a real value" }),
    (id) => narrow.secrets.rotate({ id, value: "not a real value", expectedVersion: 7 }),
    (id) => narrow.secrets.rotate({ id, value: "not a real value", idempotencyKey: "a-key-of-mine" }),
    (id) => narrow.secrets.rollBack({ id, to: 1 }),
    (id) => narrow.secrets.update({ id, description: "x" }),
    (id) => narrow.secrets.update({ id, description: "x", expectedGeneration: 99 }),
    (id) => narrow.secrets.delete({ id }),
    (id) => narrow.secrets.delete({ id, expectedVersion: 7 }),
    (id) => narrow.secrets.restore({ id }),
    (id) => narrow.secrets.restore({ id, name: "MINE" }),
    (id) => narrow.versions.list({ id }),
    (id) => narrow.versions.reveal({ id, version: 1 }),
    (id) => narrow.versions.reveal({ id, version: 99 }),
    (id) => narrow.versions.revoke({ id, version: 1, reason: "x" }),
    (id) => narrow.versions.destroy({ id, version: 1, reason: "x" }),
  ];
  for (const call of calls) {
    for (const id of [absent(), ids.hidden, ids.foreign]) expect(await seen(call(id))).toBe(NOTHING);
  }
});

test("a deleted secret is not there for reads and changes, but for who may restore it", async () => {
  for (const outcome of await Promise.all(
    [
      narrow.secrets.reveal({ id: ids.deleted }),
      narrow.secrets.rotate({ id: ids.deleted, value: "not a real value" }),
      narrow.secrets.reveal({ name: "GONE" }),
      narrow.secrets.get({ name: "GONE" }),
      narrow.versions.list({ id: ids.deleted }),
      narrow.versions.reveal({ id: ids.deleted, version: 1 }),
      narrow.secrets.delete({ id: ids.deleted }),
    ].map(seen),
  ))
    expect(outcome).toBe(NOTHING);
  expect((await narrow.secrets.get({ id: ids.deleted })).state).toBe("deleted");
});

test("a version's number tells nothing: one that is not there and one out of reach are one answer", async () => {
  expect(await seen(narrow.versions.reveal({ id: ids.secret, version: 2 }))).toBe(NOTHING);
  expect(await seen(narrow.secrets.rollBack({ id: ids.secret, to: 2 }))).toBe(NOTHING);
  expect(await seen(narrow.versions.revoke({ id: ids.secret, version: 2, reason: "x" }))).toBe(NOTHING);
});

test("projects and environments of others, by id and by name, look like none", async () => {
  const calls: ((project: string | undefined, environment: string | undefined) => Promise<unknown>)[] = [
    (project, environment) => narrow.secrets.reveal({ project, environment, name: "HIDDEN" }),
    (project, environment) => narrow.secrets.get({ project, environment, name: "HIDDEN" }),
    (project, environment) => narrow.secrets.set({ project, environment, name: "NEW", value: "x" }),
    (project, environment) => narrow.secrets.create({ project, environment, name: "HIDDEN", value: "x" }),
    (project, environment) => narrow.secrets.revealMany({ project, environment, names: ["HIDDEN"] }),
    (project, environment) =>
      narrow.secrets.setMany({ project, environment, items: [{ name: "HIDDEN", value: "x" }] }),
  ];
  for (const call of calls) {
    for (const [project, environment] of [
      [absent(), undefined],
      ["no-such-project", undefined],
      ["vault", undefined],
      ["default", undefined],
      ["foreign", undefined],
      [ids.hiddenProject, undefined],
      [ids.foreignProject, undefined],
      [undefined, absent()],
      [undefined, "no-such-environment"],
      [undefined, ids.hiddenEnvironment],
      [undefined, ids.foreignEnvironment],
      [ids.shop, ids.hiddenEnvironment],
      [ids.hiddenProject, ids.shopDev],
    ])
      expect(await seen(call(project, environment))).toBe(NOTHING);
  }
  for (const project of [absent(), "nope", "vault", "default", ids.hiddenProject, ids.foreignProject]) {
    expect(await seen(narrow.projects.delete({ project }))).toBe(NOTHING);
    expect(await seen(narrow.environments.create({ project, name: "x" }))).toBe(NOTHING);
  }
  for (const environment of [absent(), ids.hiddenEnvironment, ids.foreignEnvironment]) {
    expect(await seen(narrow.environments.rename({ environment, name: "x" }))).toBe(NOTHING);
    expect(await seen(narrow.environments.delete({ environment }))).toBe(NOTHING);
  }
});

test("renaming what one sees tells nothing of the names that one does not", async () => {
  // A taken name would be a conflict, a free one would go through: both are refused before anyone looks.
  const taken = await seen(narrow.projects.rename({ project: ids.shop, name: "vault" }));
  expect(taken).toBe(await seen(narrow.projects.rename({ project: ids.shop, name: "no-such-project" })));
  expect(taken).toContain("forbidden");
  // In a tenant of its own: other tests look at acme's tokens.
  const { caller } = await house.tenant("renamer");
  const { environments } = await caller.environments.list({});
  const { token } = await caller.tokens.create({ name: "one", preset: "admin", environments: ["dev"] });
  const environment = environments.find(({ name }) => name === "dev")!.id;
  for (const name of ["staging", "no-such-environment"])
    expect(await seen(house.as(token).environments.rename({ environment, name }))).toBe(NOTHING);
});

test("a token's scope cannot be used to ask which projects and environments there are", async () => {
  for (const projects of [
    [absent()],
    ["nope"],
    ["vault"],
    ["default"],
    [ids.hiddenProject],
    [ids.foreignProject],
  ])
    expect(await seen(narrow.tokens.create({ name: "t", projects }))).toBe(NOTHING);
  for (const environments of [[absent()], [ids.hiddenEnvironment], [ids.foreignEnvironment]])
    expect(await seen(narrow.tokens.create({ name: "t", environments }))).toBe(NOTHING);
});

test("another tenant looks like none, by slug and by id, to every call that may name one", async () => {
  const others = [globex.id, globex.slug, absent(), "no-such-tenant"];
  for (const tenant of others) {
    for (const outcome of await Promise.all(
      [
        acme.caller.tenants.get({ tenant }),
        acme.caller.secrets.list({ tenant }),
        acme.caller.secrets.reveal({ tenant, id: ids.foreign }),
        acme.caller.secrets.set({ tenant, name: "X", value: "x" }),
        acme.caller.projects.create({ tenant, name: "x" }),
        acme.caller.tokens.list({ tenant }),
        acme.caller.audit.list({ tenant }),
      ].map(seen),
    ))
      expect(outcome).toBe(NOTHING);
  }
});

test("another's token id looks like none", async () => {
  for (const id of [absent(), ids.hiddenToken, ids.foreignToken])
    expect(await seen(narrow.tokens.revoke({ id }))).toBe(NOTHING);
});

test("lists show nothing from outside one's scope, whatever they are asked for", async () => {
  const lists = await Promise.all([
    narrow.projects.list({}),
    narrow.environments.list({}),
    narrow.environments.list({ project: "vault" }),
    narrow.environments.list({ project: ids.hiddenProject }),
    narrow.secrets.list({}),
    narrow.secrets.list({ project: "vault" }),
    narrow.secrets.list({ project: ids.hiddenProject }),
    narrow.secrets.list({ environment: ids.hiddenEnvironment }),
    narrow.secrets.list({ prefix: "HIDDEN" }),
    narrow.secrets.list({ state: "deleted" }),
    narrow.tokens.list({}),
    globex.caller.secrets.list({ project: ids.shop }),
    globex.caller.environments.list({ project: ids.shop }),
  ]);
  const text = JSON.stringify(lists);
  for (const id of [ids.hidden, ids.hiddenProject, ids.hiddenEnvironment, ids.hiddenToken])
    expect(text).not.toContain(id);
  for (const id of [ids.foreign, ids.foreignProject, ids.foreignEnvironment, ids.foreignToken])
    expect(text).not.toContain(id);
  expect(text).toContain(ids.secret);
});

test("asking for what is hidden and asking for what never was give the same list", async () => {
  const [hidden, none] = [
    await seen(narrow.secrets.list({ project: "vault" })),
    await seen(narrow.secrets.list({ project: "nope" })),
  ];
  expect(hidden).toBe(none);
});

test("a page of tokens and its cursor tell nothing of tokens that are hidden", async () => {
  // Newer than everything that the narrow token may see: a cursor made of a hidden row would name it.
  for (let i = 0; i < 3; i++) await acme.caller.tokens.create({ name: `whole ${i}`, preset: "reader" });
  for (let i = 0; i < 2; i++) await narrow.tokens.create({ name: `small ${i}`, projects: ["shop"] });
  const first = await narrow.tokens.list({ limit: 1 });
  expect(first.tokens.map((t) => t.name)).toEqual(["small 1"]);
  expect(Buffer.from(first.nextCursor!, "base64url").toString()).toContain(first.tokens[0]!.id);
  const second = await narrow.tokens.list({ limit: 1, cursor: first.nextCursor! });
  expect(second.tokens.map((t) => t.name)).toEqual(["small 0"]);
  const third = await narrow.tokens.list({ limit: 1, cursor: second.nextCursor! });
  expect(third).toEqual({ tokens: [expect.objectContaining({ name: "narrow" })], nextCursor: null });
});

test("another tenant's cursor opens nothing of theirs", async () => {
  for (let i = 0; i < 3; i++) await globex.caller.secrets.create({ name: `C${i}`, value: "x" });
  const theirs = await globex.caller.secrets.list({ limit: 1 });
  const mine = await narrow.secrets.list({ limit: 10, cursor: theirs.nextCursor! });
  expect(mine.secrets.map((s) => s.name)).toEqual(["MINE"]);
  expect(JSON.stringify(mine)).not.toContain(globex.id);
});

test("a cursor that no list made is bad input, and never an error inside", async () => {
  const cursors = [["\0", absent()], ["A", "no id"], ["\ud800", absent()], [1], { a: 1 }, "x", [2 ** 40], []];
  for (const key of cursors) {
    const cursor = Buffer.from(JSON.stringify(key)).toString("base64url");
    for (const outcome of await Promise.all(
      [
        narrow.secrets.list({ cursor }),
        narrow.projects.list({ cursor }),
        narrow.environments.list({ cursor }),
        narrow.tokens.list({ cursor }),
        narrow.versions.list({ id: ids.secret, cursor }),
        house.as(house.operatorToken).tenants.list({ cursor }),
      ].map(seen),
    )) {
      expect(["bad_input", undefined], `${JSON.stringify(key)} ${outcome}`).toContain(
        JSON.parse(outcome).code,
      );
    }
  }
});

test("a cursor with a year that PostgreSQL does not know is bad input", async () => {
  const cursor = Buffer.from(JSON.stringify(["0000-01-01T00:00:00Z", absent()])).toString("base64url");
  for (const list of [
    () => acme.caller.environments.list({ cursor }),
    () => acme.caller.tokens.list({ cursor }),
  ])
    expect(await codeOf(list())).toBe("bad_input");
});

test("ids in upper case are the same ids, also where a tenant is purged", async () => {
  const big = ids.secret.toUpperCase();
  expect((await narrow.secrets.reveal({ id: big })).id).toBe(ids.secret);
  const operator = house.as(house.operatorToken);
  const { id } = await operator.tenants.create({ slug: "upper" });
  await operator.tenants.delete({ tenant: id.toUpperCase() });
  expect((await operator.tenants.purge({ tenant: id.toUpperCase(), confirm: "upper" })).id).toBe(id);
  const { id: environment } = await acme.caller.environments.create({ name: "upper" });
  expect((await acme.caller.environments.delete({ environment: environment.toUpperCase() })).id).toBe(
    environment,
  );
});

test("no tenant's slug can be mistaken for another tenant's id", async () => {
  const operator = house.as(house.operatorToken);
  expect(JSON.parse(await seen(operator.tenants.create({ slug: globex.id }))).code).toBe("bad_input");
  expect(JSON.parse(await seen(operator.tenants.rename({ tenant: "acme", slug: globex.id }))).code).toBe(
    "bad_input",
  );
});

test("numbers that the database cannot hold are bad input", async () => {
  const version = 3_000_000_000;
  for (const outcome of await Promise.all(
    [
      narrow.versions.reveal({ id: ids.secret, version }),
      narrow.versions.revoke({ id: ids.secret, version, reason: "x" }),
      narrow.secrets.rollBack({ id: ids.secret, to: version }),
    ].map(seen),
  ))
    expect(JSON.parse(outcome).code).toBe("bad_input");
});
