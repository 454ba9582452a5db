import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
let caller: Caller;
let tenantId: string;
const place: Record<string, string> = {};
beforeAll(async () => {
  house = await openHouse();
  ({ id: tenantId, caller } = await house.tenant("acme"));
  for (const { id, name } of (await caller.environments.list({})).environments) place[name] = id;
});
afterEach(() => house.moveClock("0"));
afterAll(() => house.verify().finally(() => house.close()));

const set = (name: string, values: Record<string, string>, by = caller) =>
  Promise.all(
    Object.entries(values).map(([environment, value]) => by.secrets.set({ name, value, environment })),
  );
async function token(actions: string[], environments: string[] | null, prefix?: string): Promise<Caller> {
  const made = await caller.tokens.create({
    name: `t${Math.random()}`,
    actions: actions as never,
    environments: environments?.map((name) => place[name]!),
    ...(prefix === undefined ? {} : { prefix }),
  } as never);
  return house.as((made as { token: string }).token);
}
const PLACES = ["dev", "staging", "prod"];
/** A row as one line: "dev=0 staging=- prod=1", equal values by number, with `?` where equality is not told. */
async function line(by: Caller, name: string): Promise<string | undefined> {
  const { environments, rows } = await by.secrets.matrix({ prefix: name });
  const row = rows.find((one) => one.name === name);
  if (row === undefined) return undefined;
  const seen: number[] = [];
  return PLACES.map((place) => {
    const cell = row.cells[environments.findIndex((one) => one.name === place)];
    if (cell === null || cell === undefined) return `${place}=-`;
    if (cell.same === null) return `${place}=?`;
    if (!seen.includes(cell.same)) seen.push(cell.same);
    return `${place}=${seen.indexOf(cell.same)}`;
  }).join(" ");
}

test("each name says where it is set and which of its values are the same, without opening any", async () => {
  await set("SAME", { dev: "one", staging: "one", prod: "one" });
  await set("DIFFERS", { dev: "one", staging: "one", prod: "other" });
  await set("MISSING", { dev: "one" });
  expect(await line(caller, "SAME")).toBe("dev=0 staging=0 prod=0");
  expect(await line(caller, "DIFFERS")).toBe("dev=0 staging=0 prod=1");
  expect(await line(caller, "MISSING")).toBe("dev=0 staging=- prod=-");
  const text = JSON.stringify(await caller.secrets.matrix({}));
  expect(text).not.toContain("other");
});

test("who reads a name in any environment is told to whoever may see its metadata", async () => {
  await set("READ", { dev: "one", prod: "two" });
  const prod = (await caller.secrets.get({ name: "READ", environment: "prod" })).id;
  const dev = (await caller.secrets.get({ name: "READ", environment: "dev" })).id;
  for (const [id, consumer] of [
    [prod, "billing"],
    [dev, "worker"],
    [dev, "billing"],
  ] as const)
    await caller.consumers.declare({ id, consumer, kind: "service" });
  const readers = async (by: Caller) => (await by.secrets.matrix({ prefix: "READ" })).rows[0]!.consumers;
  expect(await readers(caller)).toEqual(["billing", "worker"]);
  expect(await readers(await token(["secret.list", "secret.get"], ["prod"]))).toEqual(["billing"]);
  expect(await readers(await token(["secret.list"], null))).toEqual([]);
});

test("equality is told among values that the caller may read, and of no others", async () => {
  await set("KEY", { dev: "one", staging: "one", prod: "one" });
  const blind = await token(["secret.list"], null);
  expect(await line(blind, "KEY")).toBe("dev=? staging=? prod=?");
  expect(await line(house.as(house.operatorToken), "KEY").catch(() => "refused")).toBe("refused");
  const { rows } = await house.as(house.operatorToken).secrets.matrix({ tenant: "acme", prefix: "KEY" });
  expect(rows[0]!.cells.map((cell) => [cell?.readable, cell?.same])).toEqual(Array(3).fill([false, null]));
});

test("what is out of reach is no column, and a name that is only there is no row", async () => {
  await set("EVERYWHERE", { dev: "a", prod: "b" });
  await set("ONLY_PROD", { prod: "a" });
  const dev = await token(["secret.list", "secret.reveal"], ["dev"]);
  const { environments, rows } = await dev.secrets.matrix({});
  expect(environments.map(({ name }) => name)).toEqual(["dev"]);
  expect(rows.map(({ name }) => name)).toContain("EVERYWHERE");
  expect(rows.map(({ name }) => name)).not.toContain("ONLY_PROD");
  const narrow = await token(["secret.list"], null, "EVERY");
  expect((await narrow.secrets.matrix({})).rows.map(({ name }) => name)).toEqual(["EVERYWHERE"]);
  const stranger = await house.tenant("globex");
  expect(await codeOf(stranger.caller.secrets.matrix({ tenant: "acme" }))).toBe("not_found");
  expect(await codeOf(caller.secrets.matrix({ project: "nope" }))).toBe("not_found");
});

test("of digests under two terms it is told neither that the values are the same nor that they differ", async () => {
  await set("TERMS", { dev: "one", staging: "one" });
  await house.tamper(
    `UPDATE control_plane.sealed_values SET digest_term = 2 WHERE secret_id =
       (SELECT id FROM control_plane.secrets WHERE name = 'TERMS' AND environment_id = $1)`,
    [place.staging],
  );
  expect(await line(caller, "TERMS")).toBe("dev=? staging=0 prod=-");
});

test("names come in pages, in order, none twice; a bad cursor and a bad limit are refused by name", async () => {
  const all = (await caller.secrets.matrix({ limit: 1000 })).rows.map(({ name }) => name);
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await caller.secrets.matrix({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.rows.map(({ name }) => name));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(found).toEqual(all);
  for (const input of [{ cursor: "nonsense" }, { limit: 0 }, { limit: 1001 }])
    expect(await codeOf(caller.secrets.matrix(input))).toBe("bad_input");
});

test("what its policy says of a secret stands in its cell; an edited row is no answer", async () => {
  const { secret } = await caller.secrets.set({ name: "DUE", value: "one" });
  await caller.rotation.setPolicy({ id: secret.id, schedule: { everyDays: 7 } });
  const trouble = async () =>
    (await caller.secrets.matrix({ prefix: "DUE" })).rows[0]!.cells.find((cell) => cell !== null)?.trouble;
  expect(await trouble()).toBe(null);
  await house.moveClock("7 days 1 hour");
  expect(await trouble()).toBe("due");
  await house.moveClock("9 days");
  expect(await trouble()).toBe("overdue");
  await house.moveClock("0");
  await caller.rotation.setPolicy({
    id: secret.id,
    expiresAt: new Date(Date.now() + 20 * 86_400_000).toISOString(),
  });
  expect(await trouble()).toBe("expiring");
  await house.tamper("UPDATE control_plane.rotation_policies SET owner = 'x' WHERE secret_id = $1", [
    secret.id,
  ]);
  expect(await codeOf(caller.secrets.matrix({ prefix: "DUE" }))).toBe("integrity_failed");
  await house.tamper("DELETE FROM control_plane.rotation_policies WHERE tenant_id = $1", [tenantId]);
});

test("values are taken from one environment into another, all or nothing, and come to nobody", async () => {
  await set("A", { dev: "new a", staging: "old a" });
  await set("B", { dev: "new b" });
  const promote = (by: Caller, more: object = {}) =>
    by.secrets.promote({
      from: "dev",
      to: "staging",
      items: [{ name: "A" }, { name: "B" }],
      reason: "release",
      ...more,
    });
  expect(await codeOf(promote(caller, { items: [{ name: "B" }, { name: "A", expectedVersion: 7 }] }))).toBe(
    "version_mismatch",
  );
  expect(await codeOf(promote(caller, { items: [{ name: "A", fromVersion: 7 }] }))).toBe("version_mismatch");
  expect(await codeOf(promote(caller, { items: [{ name: "A" }, { name: "NOT_THERE" }] }))).toBe("not_found");
  expect(await line(caller, "B")).toBe("dev=0 staging=- prod=-");
  const answer = await promote(caller);
  expect(answer.results.map(({ secret, changed }) => [secret.name, secret.version, changed])).toEqual([
    ["A", 2, true],
    ["B", 1, true],
  ]);
  expect(JSON.stringify(answer)).not.toContain("new a");
  expect((await caller.secrets.reveal({ name: "A", environment: "staging" })).value).toBe("new a");
  expect((await promote(caller)).results.map(({ changed }) => changed)).toEqual([false, false]);
});

test("whoever may not read the ones or not set the others promotes nothing", async () => {
  await set("C", { dev: "c" });
  const call = (by: Caller) =>
    codeOf(by.secrets.promote({ from: "dev", to: "prod", items: [{ name: "C" }] }));
  expect(await call(await token(["secret.set"], null))).toBe("forbidden");
  expect(await call(await token(["secret.set", "secret.reveal"], ["prod"]))).toBe("not_found");
  expect(await call(await token(["secret.set", "secret.reveal"], ["dev"]))).toBe("not_found");
  expect(await codeOf(caller.secrets.promote({ from: "dev", to: "dev", items: [{ name: "C" }] }))).toBe(
    "bad_input",
  );
  expect(await codeOf(caller.secrets.promote({ from: "dev", to: place.dev!, items: [{ name: "C" }] }))).toBe(
    "bad_input",
  );
  expect(await call(await token(["secret.set", "secret.reveal"], ["dev", "prod"]))).toBe("allowed");
});
