import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import type { Person } from "../testing/person.ts";
import { codeOf } from "../testing/refusal.ts";
import { ACTIONS, SERVICE_ACTIONS } from "./actions.ts";
import { type Acme, furnishAcme } from "./matrix/acme.fixture.ts";
import { outcastsOf, peopleOf, tokensOf } from "./matrix/callers.fixture.ts";
import { INPUTS } from "./matrix/inputs.fixture.ts";
import {
  LETTERS,
  ONLY_PEOPLE,
  type Role,
  STRANGERS,
  TABLE,
  TOKENS,
  type TokenName,
} from "./matrix/who-may.fixture.ts";
import { matrixPage, procedures, roleHolds } from "./matrix-page.ts";
import type { RoleName } from "./roles.ts";

/*
 * Every procedure, called by every kind of caller: who may is a table, matrix/who-may.fixture.ts; what each is called with
 * is matrix/inputs.fixture.ts. A new verb needs a line in both.
 */
let house: House;
let acme: Acme;
let tokens: Record<TokenName, string>;
let people: Record<Role | "ended" | "stranger", Person>;
/** Whom nobody knows, or knows any more. */
let outcasts: readonly Caller[];

beforeAll(async () => {
  house = await openHouse();
  acme = await furnishAcme(house);
  tokens = await tokensOf(house, acme);
  people = await peopleOf(house, acme);
  outcasts = await outcastsOf(house, acme);
});
afterAll(async () => {
  // Whatever was done, every chain verifies.
  await house.verify().finally(() => house.close());
});

type Procedure = (input: object) => Promise<unknown>;

function procedureOf(caller: Caller, path: string): Procedure {
  const [noun, verb] = path.split(".") as [string, string];
  return (caller as unknown as Record<string, Record<string, Procedure>>)[noun]![verb]!;
}

const allVerbs = Object.entries(verbs).flatMap(([noun, of]) =>
  Object.entries(of).map(([name, verb]) => ({ path: `${noun}.${name}`, verb })),
);

/** No verb but a stream: who may have it is tested beside it (stream/stream.test.ts). */
const STREAM = { path: "events.stream", action: "event.stream" };

describe("the classification", () => {
  test("names an action of the list for every procedure, the one of its verb", () => {
    const procedures = house.server.router._def.procedures as unknown as Record<
      string,
      { _def: { meta?: { action?: string }; type: string } }
    >;
    expect(Object.keys(procedures).sort()).toEqual([...allVerbs.map(({ path }) => path), STREAM.path].sort());
    for (const { path, verb } of allVerbs) {
      const { meta, type } = procedures[path]!._def;
      expect([path, meta?.action], path).toEqual([path, verb.action]);
      expect(Object.keys(ACTIONS), path).toContain(meta?.action);
      expect([path, type], path).toEqual([path, verb.changes ? "mutation" : "query"]);
    }
  });

  test("has no action that no verb uses", () => {
    expect(Object.keys(ACTIONS).sort()).toEqual(
      [...new Set([...allVerbs.map(({ verb }) => verb.action), STREAM.action])].sort(),
    );
  });

  test("says of every procedure here who may call it", () => {
    const known = allVerbs.map(({ path }) => path).sort();
    expect(TABLE.map(({ path }) => path).sort()).toEqual(known);
    expect(Object.keys(INPUTS).sort()).toEqual(known);
  });

  test("is what the matrix says that is printed", () => {
    const people = new Map(TABLE.map((row) => [row.path, row.people]));
    expect(procedures.map(({ path }) => path).sort()).toEqual([...people.keys(), STREAM.path].sort());
    for (const { path, verb } of procedures) {
      if (path === STREAM.path) continue;
      const holders = Object.entries(LETTERS).filter(([role]) => roleHolds(role as RoleName, verb.action));
      expect([path, holders.map(([, letter]) => letter).join("")]).toEqual([path, people.get(path)]);
      expect(matrixPage(new Map()), path).toContain(`| ${path} |`);
    }
  });

  test("lets no service token hold what belongs to the deployment", () => {
    for (const action of [
      "tenant.create",
      "tenant.list",
      "tenant.rename",
      "tenant.delete",
      "tenant.purge",
      "tenant.shred_receipt",
      "tenant.shred_run",
      "key.status",
      "key.rotate",
      "key.verify",
      "key.retire",
      "key.rotate_tenant",
      "key.re_encrypt",
      "rotation.overview",
      "key.remove_opener",
      "key.list_exposed",
    ])
      expect(SERVICE_ACTIONS).not.toContain(action);
  });
});

describe.each(TABLE)("$path", (row) => {
  const { path } = row;
  const input = INPUTS[path] ?? (() => ({}));
  const call = async (caller: Caller, given: object) => codeOf(procedureOf(caller, path)(given));
  // Whoever is refused changes nothing, and so one input is enough for all of them.
  let sparedInput: object | undefined;
  const spared = async () => {
    sparedInput ??= await input(acme);
    return sparedInput;
  };

  test.each(TOKENS.map((token) => [token, row.tokens[token]] as const))("%s: %s", async (token, expected) => {
    const given = expected === "forbidden" || expected === "not_found" ? await spared() : await input(acme);
    expect(await call(house.as(tokens[token]), given)).toBe(expected);
  });

  test("people, by their role", async () => {
    const onlyPeople = ONLY_PEOPLE.has(path);
    const outcomes: Record<string, string> = {};
    const expected: Record<string, string> = {};
    const refused = await spared();
    for (const [role, letter] of Object.entries(LETTERS) as [Role, string][]) {
      const may = row.people.includes(letter);
      expected[role] = !may ? "forbidden" : onlyPeople ? "allowed" : row.tokens.admin;
      outcomes[role] = await call(people[role].caller, may ? await input(acme) : refused);
    }
    expected.ended = path === "identity.get" || path === "access.explain" ? "allowed" : "forbidden";
    outcomes.ended = await call(people.ended.caller, refused);
    expected.stranger = STRANGERS[path] ?? (onlyPeople ? "not_found" : row.tokens.stranger);
    outcomes.stranger = await call(people.stranger.caller, refused);
    expect(outcomes).toEqual(expected);
  });

  test("is refused to who is not authenticated", async () => {
    const given = await spared();
    const outcomes = await Promise.all(outcasts.map((caller) => call(caller, given)));
    expect(outcomes).toEqual(outcasts.map(() => "unauthenticated"));
  });
});

test("the operator's session reveals nothing either, and may do what the operator may", async () => {
  const { secret } = await house.server.startSession(requestInfo({ token: house.operatorToken }));
  const request = requestInfo({ session: secret });
  const { id } = await acme.secret();
  expect(await codeOf(house.server.invoke(verbs.secrets.reveal, request, { tenant: acme.tenant, id }))).toBe(
    "forbidden",
  );
  expect(await codeOf(house.server.invoke(verbs.secrets.get, request, { tenant: acme.tenant, id }))).toBe(
    "allowed",
  );
});

test("an operator names the tenant, and reads the deployment's own chain; a tenant's admin does not", async () => {
  expect(await codeOf(house.as(tokens.operator).secrets.list({}))).toBe("bad_input");
  const { events } = await house.as(tokens.operator).audit.list({ deployment: true, action: "tenant" });
  expect(events.map((e) => e.action)).toContain("tenant.created");
  expect(await codeOf(house.as(tokens.admin).audit.list({ deployment: true }))).toBe("forbidden");
});
