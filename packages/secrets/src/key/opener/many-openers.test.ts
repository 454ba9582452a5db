import { randomBytes } from "node:crypto";
import { EnvelopeError, localRootKey, type RootKeyProvider } from "@keyfold/envelope";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { KeyfoldServerOptions } from "../../server.ts";
import { type Caller, callerOf, type House, openHouse } from "../../testing/house.ts";
import { toItsEnd } from "../../testing/keys.ts";
import { codeOf, refusalOf } from "../../testing/refusal.ts";

let house: House;
let recovery: RootKeyProvider;
let customers: RootKeyProvider;
let away: boolean;
let ids: Record<"root" | "recovery" | "customers", string>;
const configured = (): Partial<KeyfoldServerOptions> => ({
  also: [recovery],
  tenantRootKeys: { acme: { provider: customers } },
});

beforeEach(async () => {
  away = false;
  recovery = localRootKey(randomBytes(32));
  const theirs = localRootKey(randomBytes(32));
  const ask =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      away ? Promise.reject(new EnvelopeError("provider_unavailable")) : work(...args);
  customers = {
    ...theirs,
    current: ask(theirs.current),
    wrap: ask(theirs.wrap),
    unwrap: ask(theirs.unwrap),
  };
  house = await openHouse(configured());
  const of = async (provider: RootKeyProvider) => (await provider.current()).id;
  ids = { root: await of(house.provider), recovery: await of(recovery), customers: await of(theirs) };
});
afterEach(async () => {
  away = false;
  await house.verify().finally(() => house.close());
});

interface Furnished {
  id: string;
  token: string;
  secret: string;
  caller: Caller;
}
async function furnish(slug: string, rootKey?: string): Promise<Furnished> {
  const operator = house.as(house.operatorToken);
  const { id } = await operator.tenants.create({ slug, ...(rootKey === undefined ? {} : { rootKey }) });
  const { token } = await operator.tokens.create({ tenant: slug, name: "first", preset: "admin" });
  const caller = house.as(token!);
  const { id: secret } = await caller.secrets.create({ name: "K", value: `a value of ${slug}, not real` });
  return { id, token: token!, secret, caller };
}

const openersOf = async (tenant: string) =>
  (
    await house.sql<{ opener: string }>(
      "SELECT DISTINCT opener FROM control_plane.key_wraps WHERE tenant_id = $1 ORDER BY opener",
      [tenant],
    )
  ).map(({ opener }) => opener);
const reveal = async (options: Partial<KeyfoldServerOptions>, { token, secret }: Furnished) => {
  const caller = callerOf(await house.another(options), token);
  return codeOf(caller.secrets.reveal({ id: secret }));
};
const nothing = { also: [], tenantRootKeys: {} };

test("every new key is wrapped under the additional openers, each of which opens everything by itself", async () => {
  const one = await furnish("one");
  expect(await openersOf(one.id)).toEqual([ids.root, ids.recovery].sort());
  // Only the additional one: the deployment's own keys still open with the root key, tenants' with the other.
  await house.sql("DELETE FROM control_plane.key_wraps WHERE opener = $1", [ids.root]);
  expect(await reveal({ ...nothing, others: [recovery] }, one)).toBe("allowed");
  expect(await reveal(nothing, one)).toBe("decryption_failed");
});

test("keys from before an additional opener get it with their next term", async () => {
  const operator = callerOf(await house.another(nothing), house.operatorToken);
  const { id } = await operator.tenants.create({ slug: "before" });
  expect(await openersOf(id)).toEqual([ids.root]);
  await toItsEnd(() => house.as(house.operatorToken).keys.rotateTenant({ tenant: "before" }));
  const value = await house.sql<{ opener: string }>(
    "SELECT opener FROM control_plane.key_wraps WHERE tenant_id = $1 AND purpose = 'value' ORDER BY opener",
    [id],
  );
  expect(value.map(({ opener }) => opener)).toEqual([ids.root, ids.recovery].sort());
});

test("an additional opener that does not answer is not passed over in silence", async () => {
  const down: RootKeyProvider = {
    ...recovery,
    wrap: () => Promise.reject(new EnvelopeError("provider_unavailable")),
  };
  const operator = callerOf(await house.another({ also: [down] }), house.operatorToken);
  expect(await codeOf(operator.tenants.create({ slug: "lacking" }))).toBe("key_unavailable");
});

test("an additional opener that wraps something else is found out before anything is stored", async () => {
  const broken: RootKeyProvider = {
    ...recovery,
    wrap: (_key, aad, opener) => recovery.wrap(randomBytes(32), aad, opener),
  };
  const operator = callerOf(await house.another({ also: [broken] }), house.operatorToken);
  expect(await codeOf(operator.tenants.create({ slug: "lacking" }))).toBe("decryption_failed");
});

test("a tenant with a root key of its own opens with that one and no other", async () => {
  const acme = await furnish("acme", "acme");
  const other = await furnish("other");
  expect(await openersOf(acme.id)).toEqual([ids.customers]);
  expect(await reveal({}, acme)).toBe("allowed");
  // Without it, by name; everything else works.
  expect(await reveal({ tenantRootKeys: {} }, acme)).toBe("key_unavailable");
  expect(await reveal({ tenantRootKeys: {} }, other)).toBe("allowed");
  const without = callerOf(await house.another({ tenantRootKeys: {} }), acme.token);
  expect((await refusalOf(without.secrets.reveal({ id: acme.secret }))).message).toBe(
    'This tenant\'s keys open only with its own root key "acme", which this server was not given.',
  );
  expect(await codeOf(without.secrets.set({ name: "L", value: "not real" }))).toBe("key_unavailable");
  expect(await codeOf(without.versions.revoke({ id: acme.secret, version: 1, reason: "leaked" }))).toBe(
    "allowed",
  );
  expect(house.logged.some((line) => line.includes('"rootKey":"acme"'))).toBe(true);
  expect(await codeOf(house.as(house.operatorToken).tenants.create({ slug: "x", rootKey: "no-such" }))).toBe(
    "bad_input",
  );
});

test("a customer's key service that is down stops that tenant and nobody else, jobs over all included", async () => {
  const acme = await furnish("acme", "acme");
  const other = await furnish("other");
  away = true;
  expect(await reveal({}, acme)).toBe("key_unavailable");
  expect(await reveal({}, other)).toBe("allowed");
  const operator = house.as(house.operatorToken);
  const job = await toItsEnd(() => operator.keys.reEncrypt({}));
  expect(job).toMatchObject({ state: "stopped", problem: "key_unavailable", failed: [acme.id] });
  expect(await reveal({}, other)).toBe("allowed");
  away = false;
  expect(await toItsEnd(() => operator.keys.reEncrypt({}))).toMatchObject({ state: "done" });
  expect(await reveal({}, acme)).toBe("allowed");
  expect(await openersOf(acme.id)).toEqual([ids.customers]);
});

test("the deployment's root key is rotated and retired without the tenants that have one of their own", async () => {
  const acme = await furnish("acme", "acme");
  const other = await furnish("other");
  away = true;
  const next = localRootKey(randomBytes(32));
  const both = await house.another({ provider: next, others: [house.provider] });
  const operator = callerOf(both, house.operatorToken);
  expect(await toItsEnd(() => operator.keys.rotate({}))).toMatchObject({ state: "done" });
  expect(await toItsEnd(() => operator.keys.verify({}))).toMatchObject({ state: "done" });
  expect(await toItsEnd(() => operator.keys.retire({ opener: ids.root }))).toMatchObject({ state: "done" });
  expect((await operator.keys.status({})).lacking).toBe(0);
  away = false;
  expect(await reveal({ provider: next }, acme)).toBe("allowed");
  expect(await reveal({ provider: next }, other)).toBe("allowed");
});

test("a customer moves to another key of theirs with a new term", async () => {
  const acme = await furnish("acme", "acme");
  const stay = house.as(house.operatorToken).keys.removeOpener({ opener: ids.customers, tenant: "acme" });
  expect(await codeOf(stay)).toBe("illegal_state");
  // Nor is it closed for good while nobody can ask which one it is.
  away = true;
  const unasked = await refusalOf(house.as(house.operatorToken).keys.removeOpener({ opener: ids.customers }));
  expect(unasked.message).toContain(`The tenants' own root key "acme" cannot be asked now`);
  away = false;
  const next = localRootKey(randomBytes(32));
  const moving = { tenantRootKeys: { acme: { provider: next, others: [customers] } } };
  const operator = callerOf(await house.another(moving), house.operatorToken);
  expect(
    await toItsEnd(() => operator.keys.removeOpener({ opener: ids.customers, tenant: "acme" })),
  ).toMatchObject({ state: "done" });
  expect(await openersOf(acme.id)).toEqual([(await next.current()).id]);
  expect(await reveal({ tenantRootKeys: { acme: { provider: next } } }, acme)).toBe("allowed");
  expect(await reveal({}, acme)).toBe("decryption_failed");
});

test("an opener is removed: new terms, everything re-encrypted, and what it could open is listed", async () => {
  const [one, two] = [await furnish("one"), await furnish("two")];
  await one.caller.secrets.rotate({ id: one.secret, value: "a second value, not real" });
  const kept = await house.sql<{ wrapped: Buffer; purpose: string; term: number; opener: string }>(
    "SELECT * FROM control_plane.key_wraps WHERE opener = $1",
    [ids.recovery],
  );
  expect(kept.length).toBe(4);
  expect(
    (await refusalOf(house.as(house.operatorToken).keys.removeOpener({ opener: ids.recovery }))).message,
  ).toBe(`New keys are wrapped under ${ids.recovery} here. Start the server without it, and then remove it.`);
  const operator = callerOf(await house.another({ also: [] }), house.operatorToken);
  expect((await refusalOf(operator.keys.removeOpener({ opener: ids.root }))).code).toBe("illegal_state");
  expect(await codeOf(operator.keys.removeOpener({ opener: "local:0000000000000000" }))).toBe("not_found");

  const job = await toItsEnd(() => operator.keys.removeOpener({ opener: ids.recovery }));
  expect(job).toMatchObject({ kind: "remove_opener", opener: ids.recovery, state: "done", done: 5 });
  for (const tenant of [one, two]) {
    expect(await openersOf(tenant.id)).toEqual([ids.root]);
    expect(await reveal({ also: [] }, tenant)).toBe("allowed");
  }
  const terms = await house.sql<{ term: number }>("SELECT DISTINCT term FROM control_plane.tenant_keys");
  expect(terms).toEqual([{ term: 2 }]);
  // What is written from now on was never open to it.
  await two.caller.secrets.set({ name: "NEW", value: "not real either" });
  const { exposed, opener } = await operator.keys.exposed({ job: job.id });
  expect(opener).toBe(ids.recovery);
  expect(exposed.map(({ tenant, name, version, state }) => [tenant, name, version, state]).sort()).toEqual([
    ["one", "K", 1, "grace"],
    ["one", "K", 2, "current"],
    ["two", "K", 1, "current"],
  ]);
  const first = await operator.keys.exposed({ job: job.id, limit: 2 });
  const rest = await operator.keys.exposed({ job: job.id, cursor: first.nextCursor! });
  expect([...first.exposed, ...rest.exposed]).toEqual(exposed);
  // A process that was left running with it makes nothing under it any more.
  expect(await codeOf(house.as(house.operatorToken).tenants.create({ slug: "late" }))).toBe("illegal_state");
});

test("the name of a tenant's own root key is authentic: emptied or changed, the tenant is refused", async () => {
  const acme = await furnish("acme", "acme");
  for (const name of [null, "other"]) {
    await house.tamper("UPDATE control_plane.tenant_keys SET root_key = $2 WHERE tenant_id = $1", [
      acme.id,
      name,
    ]);
    expect(await reveal({}, acme)).toBe("integrity_failed");
  }
});

test("a new term is made after a row that is authentic: its root key, suite and openers are nobody's to edit", async () => {
  const acme = await furnish("acme", "acme");
  const plain = await furnish("plain");
  const operator = callerOf(await house.another({ ...configured(), others: [] }), house.operatorToken);
  const edits = [
    [acme.id, "UPDATE control_plane.tenant_keys SET root_key = NULL WHERE tenant_id = $1"],
    [plain.id, "UPDATE control_plane.tenant_keys SET suite = 2 WHERE tenant_id = $1"],
    [plain.id, "UPDATE control_plane.tenant_keys SET round = 1000 WHERE tenant_id = $1"],
    [
      plain.id,
      `INSERT INTO control_plane.key_wraps SELECT tenant_id, purpose, term, '${ids.customers}', provider, suite, wrapped,
         created_at, generation, mac, key_version FROM control_plane.key_wraps WHERE tenant_id = $1 AND opener = '${ids.root}'`,
    ],
  ] as const;
  for (const [tenant, edit] of edits) {
    await house.sql("CREATE TABLE kept_keys AS SELECT * FROM control_plane.tenant_keys");
    await house.sql("CREATE TABLE kept_wraps AS SELECT * FROM control_plane.key_wraps");
    await house.tamper(edit, [tenant]);
    expect(await operator.keys.rotateTenant({ tenant }), edit).toMatchObject({
      state: "stopped",
      problem: "integrity_failed",
    });
    expect(
      await house.sql("SELECT 1 FROM control_plane.tenant_keys WHERE tenant_id = $1 AND term > 1", [tenant]),
      edit,
    ).toEqual([]);
    for (const [table, kept] of [
      ["key_wraps", "kept_wraps"],
      ["tenant_keys", "kept_keys"],
    ]) {
      await house.tamper(`DELETE FROM control_plane.${table}`);
      await house.tamper(`INSERT INTO control_plane.${table} SELECT * FROM ${kept}`);
      await house.sql(`DROP TABLE ${kept}`);
    }
  }
  for (const { id } of [acme, plain])
    expect(await toItsEnd(() => operator.keys.rotateTenant({ tenant: id }))).toMatchObject({ state: "done" });
});

test("what is written bears no round that somebody put onto the key's row, also where the key itself is remembered", async () => {
  const one = await furnish("one");
  const caller = callerOf(await house.another({ ...configured() }), one.token);
  await caller.secrets.reveal({ id: one.secret });
  await house.tamper(
    "UPDATE control_plane.tenant_keys SET round = 1000 WHERE tenant_id = $1 AND purpose = 'value'",
    [one.id],
  );
  expect(await codeOf(caller.secrets.set({ name: "NEW", value: "not real either" }))).toBe(
    "integrity_failed",
  );
});

test("a rotation that comes before a removal's first term does not carry the opener on", async () => {
  const one = await furnish("one");
  const server = await house.another({ also: [], others: [recovery] });
  const operator = callerOf(server, house.operatorToken);
  // Begun, and cut short before it did anything.
  const { id: job } = await operator.keys.removeOpener({
    opener: ids.recovery,
    tenant: one.id,
    forSeconds: 0,
  });
  await house.tamper(
    `DELETE FROM control_plane.tenant_keys WHERE term > 1; DELETE FROM control_plane.key_wraps WHERE term > 1;
     DELETE FROM control_plane.key_job_tenants`,
  );
  await toItsEnd(() => operator.keys.rotateTenant({ tenant: one.id }));
  await one.caller.secrets.set({ name: "MEANWHILE", value: "not real either" });
  expect(await openersOf(one.id)).toContain(ids.recovery);

  expect(
    await toItsEnd(() => operator.keys.removeOpener({ opener: ids.recovery, tenant: one.id })),
  ).toMatchObject({ id: job, state: "done" });
  expect(await openersOf(one.id)).toEqual([ids.root]);
  const { exposed } = await operator.keys.exposed({ job });
  expect(exposed.map(({ name }) => name).sort()).toEqual(["K", "MEANWHILE"]);
  expect(await reveal({ also: [] }, one)).toBe("allowed");
});

test("a root key that a running process wraps under, in the middle of a rotation to it, is not taken for one to remove", async () => {
  for (const slug of ["one", "two", "three"]) await furnish(slug);
  const next = localRootKey(randomBytes(32));
  const { id } = await next.current();
  const moving = await house.another({
    also: [],
    provider: next,
    others: [house.provider],
    process: { name: "the next one" },
  });
  await callerOf(moving, house.operatorToken).keys.rotate({ forSeconds: 0, perSecond: 1 });
  const operator = callerOf(await house.another({ also: [], others: [next] }), house.operatorToken);
  const refused = await refusalOf(operator.keys.removeOpener({ opener: id }));
  expect(refused).toMatchObject({
    code: "illegal_state",
    message: expect.stringContaining("The process the next one,"),
  });
  expect(await house.sql("SELECT 1 FROM control_plane.root_keys WHERE retired_at IS NOT NULL")).toEqual([]);
  await moving.close();
});

test("a removal is not done because somebody noted that a tenant was", async () => {
  const one = await furnish("one");
  const operator = callerOf(await house.another({ also: [] }), house.operatorToken);
  const { id: job } = await operator.keys.removeOpener({
    opener: ids.recovery,
    tenant: one.id,
    forSeconds: 0,
  });
  await house.tamper(
    "INSERT INTO control_plane.key_job_tenants VALUES ($1, $2, NULL, NULL, true) ON CONFLICT (job_id, tenant_id) DO UPDATE SET done = true",
    [job, one.id],
  );
  await toItsEnd(() => operator.keys.removeOpener({ opener: ids.recovery, tenant: one.id }));
  expect(await openersOf(one.id)).toEqual([ids.root]);
});
