import { afterAll, beforeAll, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
let caller: Caller;
const place: Record<string, string> = {};
beforeAll(async () => {
  house = await openHouse();
  ({ caller } = await house.tenant("acme"));
  for (const { id, name } of (await caller.environments.list({})).environments) place[name] = id;
});
afterAll(() => house.verify().finally(() => house.close()));

type Actions = NonNullable<Parameters<Caller["tokens"]["create"]>[0]["actions"]>;
async function token(actions: Actions, environments: string[] | null = null): Promise<Caller> {
  const { token } = await caller.tokens.create({
    name: actions.join(),
    actions,
    ...(environments === null ? {} : { environments: environments.map((name) => place[name]!) }),
  });
  return house.as(token);
}
const versionOf = async (name: string) =>
  (await caller.secrets.list({ environment: "dev", prefix: name })).secrets.find((one) => one.name === name)
    ?.version;

test("what was added, changed and removed is saved together, for one reason, and all or nothing", async () => {
  await caller.secrets.set({ name: "CHANGED", value: "old" });
  await caller.secrets.set({ name: "SAME", value: "same" });
  await caller.secrets.set({ name: "REMOVED", value: "old" });
  const save = (more: object = {}) =>
    caller.secrets.save({
      set: [
        { name: "ADDED", value: "new", expectedVersion: 0 },
        { name: "CHANGED", value: "new", expectedVersion: 1 },
        { name: "SAME", value: "same" },
      ],
      remove: [{ name: "REMOVED", expectedVersion: 1 }],
      reason: "a release",
      ...more,
    });
  expect(await codeOf(save({ remove: [{ name: "REMOVED", expectedVersion: 7 }] }))).toBe("version_mismatch");
  expect(await codeOf(save({ remove: [{ name: "NOT_THERE" }] }))).toBe("not_found");
  expect([await versionOf("ADDED"), await versionOf("CHANGED")]).toEqual([undefined, 1]);
  const answer = await save();
  expect(answer.set.map(({ secret, changed }) => [secret.name, secret.version, changed])).toEqual([
    ["ADDED", 1, true],
    ["CHANGED", 2, true],
    ["SAME", 1, false],
  ]);
  expect(answer.removed).toMatchObject([{ name: "REMOVED", state: "deleted" }]);
  expect(await versionOf("REMOVED")).toBe(undefined);
  const { id } = answer.set[1]!.secret;
  expect((await caller.versions.list({ id })).versions[0]).toMatchObject({ reason: "a release" });
  const { events } = await caller.audit.list({ action: "secret.deleted", limit: 1 });
  expect(events[0]).toMatchObject({ reason: "a release", target: { name: "REMOVED" } });
});

test("sent twice with one key it is done once", async () => {
  const save = () =>
    caller.secrets.save({
      set: [{ name: "ONCE", value: "new", expectedVersion: 0 }],
      idempotencyKey: "0123456789abcdef",
    });
  await save();
  expect((await save()).set[0]!.secret.version).toBe(1);
});

test("what is not valid, or not allowed, changes nothing", async () => {
  const item = { name: "X", value: "x" };
  for (const input of [
    {},
    { set: [item, item] },
    { set: [item], remove: [{ name: "X" }] },
    { remove: [{ name: "X", force: true }] },
    { set: Array.from({ length: 501 }, (_, i) => ({ name: `N${i}`, value: "x" })) },
    { set: [{ name: "X", value: "not base64!", encoding: "base64" as const }] },
  ])
    expect(await codeOf(caller.secrets.save(input))).toBe("bad_input");
  await caller.secrets.set({ name: "KEPT", value: "x" });
  const writer = await token(["secret.set"]);
  expect(await codeOf(writer.secrets.save({ set: [item], remove: [{ name: "KEPT" }] }))).toBe("forbidden");
  const elsewhere = await token(["secret.set", "secret.delete"], ["prod"]);
  expect(await codeOf(elsewhere.secrets.save({ environment: "dev", set: [item] }))).toBe("not_found");
  expect(await versionOf("X")).toBe(undefined);
  expect(await codeOf(writer.secrets.save({ set: [item] }))).toBe("allowed");
});

test("regression: thousands of equal values out of reach crowded out those in reach, which told that they were there", async () => {
  await caller.secrets.set({ name: "MINE", value: "crowded" });
  const { secret } = await caller.secrets.set({ name: "HIDDEN", value: "crowded", environment: "prod" });
  const copies = "s.name LIKE 'A-COPY-%'";
  await house.tamper(
    `INSERT INTO control_plane.secrets SELECT c.* FROM control_plane.secrets s, generate_series(1, 5000) n
      CROSS JOIN LATERAL jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(), 'name', 'A-COPY-' || n)) c
      WHERE s.id = $1`,
    [secret.id],
  );
  await house.tamper(
    `INSERT INTO control_plane.sealed_values SELECT c.* FROM control_plane.sealed_values d, control_plane.secrets s
      CROSS JOIN LATERAL jsonb_populate_record(d, jsonb_build_object('secret_id', s.id)) c WHERE d.secret_id = $1 AND ${copies}`,
    [secret.id],
  );
  const reader = await token(["secret.reveal"], ["dev"]);
  const { items } = await reader.secrets.check({ items: [{ name: "MINE", value: "crowded" }] });
  expect(items).toEqual([{ name: "MINE", unchanged: true, equals: [] }]);
  const where = `secret_id IN (SELECT s.id FROM control_plane.secrets s WHERE ${copies})`;
  await house.tamper(`DELETE FROM control_plane.sealed_values WHERE ${where}`);
  await house.tamper(`DELETE FROM control_plane.secrets s WHERE ${copies}`);
});

test("new values that are there already, or equal another secret's, are named to who may read those", async () => {
  await caller.secrets.set({ name: "HERE", value: "shared" });
  await caller.secrets.set({ name: "THERE", value: "shared", environment: "prod" });
  const items = [
    { name: "HERE", value: "shared" },
    { name: "NEW", value: "shared" },
    { name: "OTHER", value: "nobody else's" },
  ];
  const said = async (by: Caller) =>
    (await by.secrets.check({ environment: "dev", items })).items.map(({ name, unchanged, equals }) => [
      name,
      unchanged,
      equals.map((one) => `${one.environment}/${one.name}`),
    ]);
  expect(await said(caller)).toEqual([
    ["HERE", true, ["prod/THERE"]],
    ["NEW", false, ["dev/HERE", "prod/THERE"]],
    ["OTHER", false, []],
  ]);
  expect(await said(await token(["secret.reveal"], ["dev"]))).toEqual([
    ["HERE", true, []],
    ["NEW", false, ["dev/HERE"]],
    ["OTHER", false, []],
  ]);
  expect(await codeOf((await token(["secret.set"])).secrets.check({ items }))).toBe("forbidden");
  expect(await codeOf((await house.tenant("globex")).caller.secrets.check({ tenant: "acme", items }))).toBe(
    "not_found",
  );
  const { results } = { results: await said((await house.tenant("initech")).caller) };
  expect(results.flatMap(([, unchanged, equals]) => [unchanged, equals])).not.toContain(true);
});
