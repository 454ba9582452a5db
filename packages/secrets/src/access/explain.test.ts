import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { type Person, personOf } from "../testing/person.ts";
import { codeOf } from "../testing/refusal.ts";
import { PRESETS } from "./actions.ts";

let house: House;
let acme: Awaited<ReturnType<House["tenant"]>>;
let owner: Person;
let developer: Person;

beforeAll(async () => {
  house = await openHouse();
  acme = await house.tenant("acme");
  owner = await personOf(house.server, acme.id, "Olga");
  await acme.caller.members.add({ personId: owner.id, name: "Olga", grants: [{ role: "owner" }] });
  developer = await personOf(house.server, acme.id, "Dora");
  const grants = [{ role: "developer", prefix: "billing/" }, { role: "viewer" }];
  await owner.caller.members.add({ personId: developer.id, name: "Dora", grants });
});
afterAll(async () => {
  await house.verify().finally(() => house.close());
});

const secret = async (name: string) =>
  (await acme.caller.secrets.create({ name, value: "not a real value" })).id;
type Input = Parameters<Caller["access"]["explain"]>[0];
async function explain(by: Caller, input: Input) {
  const { allowed, steps } = await by.access.explain(input);
  return [allowed, steps.find((step) => !step.allowed)?.asks ?? null];
}

test("says which of right, place, policy and approval refuses, and agrees with what happens", async () => {
  const mine = await secret("billing/A");
  const other = await secret("mail/A");
  const writeOnly = await secret("billing/B");
  await owner.caller.secrets.setAccessPolicy({ id: writeOnly, policy: { writeOnly: true } });
  const two = await secret("billing/C");
  await owner.caller.secrets.setAccessPolicy({ id: two, policy: { approvals: "all" } });
  const factor = await secret("billing/D");
  await owner.caller.secrets.setAccessPolicy({ id: factor, policy: { mfa: true } });
  for (const [id, expected, code] of [
    [mine, [true, null], "allowed"],
    [other, [false, "place"], "not_found"],
    [writeOnly, [false, "policy"], "forbidden"],
    [two, [false, "approval"], "approval_required"],
    [factor, [false, "policy"], "factor_required"],
  ] as const) {
    expect(await explain(developer.caller, { action: "secret.reveal", id })).toEqual(expected);
    expect(await codeOf(developer.caller.secrets.reveal({ id }))).toBe(code);
    // The same of them, by who manages members.
    const about = { action: "secret.reveal", id, personId: developer.id } as const;
    expect(await explain(owner.caller, about)).toEqual(expected);
  }
  expect(await explain(developer.caller, { action: "member.add" })).toEqual([false, "right"]);
  const fresh = await developer.again({ factorSecondsAgo: 1 });
  expect(await explain(fresh.caller, { action: "secret.reveal", id: factor })).toEqual([true, null]);
});

test("of a token it says what the token's calls meet", async () => {
  const id = await secret("billing/T");
  const { details } = await acme.caller.tokens.create({
    name: "t",
    preset: "reader",
    consumerName: "mailer",
  });
  const about = { id, tokenId: details.id };
  expect(await explain(owner.caller, { action: "secret.reveal", ...about })).toEqual([true, null]);
  expect(await explain(owner.caller, { action: "secret.rotate", ...about })).toEqual([false, "right"]);
  await owner.caller.secrets.setAccessPolicy({ id, policy: { services: ["billing"] } });
  expect(await explain(owner.caller, { action: "secret.reveal", ...about })).toEqual([false, "policy"]);
  await acme.caller.tokens.revoke({ id: details.id });
  expect(await codeOf(owner.caller.access.explain({ action: "secret.reveal", ...about }))).toBe("not_found");
});

test("of others it is said to who manages them, and of what one does not see nothing is said", async () => {
  const id = await secret("mail/HIDDEN");
  const action = "secret.reveal" as const;
  expect(await codeOf(developer.caller.access.explain({ action, personId: owner.id }))).toBe("forbidden");
  expect(await codeOf(developer.caller.access.explain({ action, tokenId: randomUUID() }))).toBe("forbidden");
  expect(await codeOf(owner.caller.access.explain({ action, personId: randomUUID() }))).toBe("not_found");
  const narrow = house.as(
    (await acme.caller.tokens.create({ name: "n", preset: "reader", prefix: "billing/" })).token!,
  );
  expect(await codeOf(narrow.access.explain({ action, id }))).toBe("not_found");
  expect(await codeOf(narrow.access.explain({ action, id: randomUUID() }))).toBe("not_found");
  const globex = await house.tenant("globex");
  expect(await codeOf(globex.caller.access.explain({ action, id }))).toBe("not_found");
  expect(await codeOf(globex.caller.access.explain({ action, personId: owner.id }))).toBe("not_found");
  expect(await codeOf(owner.caller.access.explain({ action: "secret.steal" as never }))).toBe("bad_input");
});

test("regression: whoever lists some tokens was told what another token may do, by its id", async () => {
  const ask = { action: "secret.reveal" } as const;
  const idOf = async (prefix?: string) =>
    (await acme.caller.tokens.create({ name: "t", preset: "reader", ...(prefix && { prefix }) })).details.id;
  const { token } = await acme.caller.tokens.create({
    name: "narrow",
    actions: [...PRESETS.reader, "token.list"],
    prefix: "billing/",
  });
  const narrow = house.as(token!);
  expect(await explain(narrow, { ...ask, tokenId: await idOf("billing/eu/") })).toEqual([true, null]);
  for (const tokenId of [await idOf(), await idOf("mail/")])
    expect(await codeOf(narrow.access.explain({ ...ask, tokenId }))).toBe("not_found");
});
