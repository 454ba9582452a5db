import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import type { KeyfoldServer } from "../server.ts";
import { callerOf, type House, openHouse } from "../testing/house.ts";

let house: House;
/** Another process over the same database: it has caches of its own, and is told nothing. */
let elsewhere: KeyfoldServer;

beforeAll(async () => {
  house = await openHouse();
  elsewhere = await house.another();
});
afterAll(() => house.close());
afterEach(() => house.moveClock("0"));

/** A tenant with one secret that has been read, so that the next read is warm. */
async function warmed(slug: string) {
  const tenant = await house.tenant(slug);
  const { id } = await tenant.caller.secrets.create({ name: "KEY", value: "sk_test_first" });
  const reader = await tenant.caller.tokens.create({ name: "reader", preset: "reader" });
  const caller = house.as(reader.token);
  await caller.secrets.reveal({ name: "KEY" });
  return { ...tenant, secretId: id, caller, admin: tenant.caller, reader };
}

/** How many statements the pool was asked for while `work` ran. */
async function statements(work: () => Promise<unknown>): Promise<number> {
  const { pool } = house.db;
  const real = pool.query;
  let count = 0;
  pool.query = function counted(this: typeof pool, ...args: unknown[]) {
    count++;
    return (real as (...a: unknown[]) => unknown).apply(this, args);
  } as typeof pool.query;
  try {
    await work();
  } finally {
    pool.query = real;
  }
  return count;
}

const successes = async (chain: string) =>
  (
    await house
      .as(house.operatorToken)
      .audit.list({ tenant: chain, action: "secret.accessed", outcome: "success", limit: 500 })
  ).events.length;

test("a value and its key are remembered for no longer than tenants' keys are", async () => {
  let now = 0;
  const server = await house.another({ keyring: { ttlMs: 60_000 }, readCache: { clock: () => now } });
  const { reader, secretId } = await warmed("warm-aged");
  const request = requestInfo({ token: reader.token! });
  const read = () => server.invoke(verbs.secrets.reveal, request, { id: secretId });
  await read();
  expect(await statements(read)).toBe(1);
  now = 60_001;
  expect(await statements(read)).toBeGreaterThan(1);
});

test("a hundred warm reads share commits, and each has its own event", async () => {
  const { caller, slug } = await warmed("warm-shared");
  const before = await successes(slug);
  const asked = await statements(async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => caller.secrets.reveal({ name: "KEY" })),
    );
    expect(new Set(answers.map((a) => a.value))).toEqual(new Set(["sk_test_first"]));
  });
  expect(asked).toBeLessThan(10);
  expect(await successes(slug)).toBe(before + 100);
  await house.verify();
});

test("a warm answer holds what its schema declares and nothing else, in whatever encoding and state, as a cold one does", async () => {
  const { admin, reader, secretId } = await warmed("warm-narrow");
  const bytes = Buffer.from([0, 255, 1]).toString("base64");
  const binary = await admin.secrets.create({ name: "BINARY", value: bytes, encoding: "base64" });
  await admin.secrets.rotate({ id: secretId, value: "sk_test_second", graceSeconds: 3600 });
  const ofVersion = verbs.versions.reveal as unknown as typeof verbs.secrets.reveal;
  const asked: [typeof verbs.secrets.reveal, object][] = [
    [verbs.secrets.reveal, { id: secretId }],
    [verbs.secrets.reveal, { name: "BINARY" }],
    [ofVersion, { id: secretId, version: 1 }],
    [ofVersion, { id: binary.id, version: 1 }],
  ];
  const request = requestInfo({ token: reader.token });
  for (const [verb, input] of asked) {
    const cold = await elsewhere.invoke(verb, request, input);
    await house.server.invoke(verb, request, input);
    const warm = (await house.server.invokeWarm(verb, request, verb.input.parse(input)))!;
    expect(Object.keys(warm).sort()).toEqual(Object.keys(cold).sort());
    expect(z.strictObject(verb.output.shape).parse(warm)).toEqual(warm);
    expect({ ...warm, value: warm.value.unsafelyEncoded() }).toEqual({
      ...cold,
      value: cold.value.unsafelyEncoded(),
    });
  }
});

test("a token that another process revoked is refused by the very next warm read", async () => {
  const { caller, token, reader } = await warmed("warm-revoked");
  await callerOf(elsewhere, token).tokens.revoke({ id: reader.details.id });
  await expect(caller.secrets.reveal({ name: "KEY" })).rejects.toMatchObject({
    cause: { code: "unauthenticated" },
  });
});

test("a secret that another process deleted is gone for the very next warm read", async () => {
  const { caller, token, secretId } = await warmed("warm-deleted");
  await callerOf(elsewhere, token).secrets.delete({ id: secretId });
  await expect(caller.secrets.reveal({ name: "KEY" })).rejects.toMatchObject({
    cause: { code: "not_found" },
  });
});

test("a version that another process revoked is refused by the very next warm read", async () => {
  const { caller, token, secretId } = await warmed("warm-version");
  await callerOf(elsewhere, token).versions.revoke({ id: secretId, version: 1, reason: "leaked" });
  await expect(caller.secrets.reveal({ name: "KEY" })).rejects.toMatchObject({
    cause: { code: "secret_empty" },
  });
});

test("a rotation in another process shows in the very next warm read", async () => {
  const { caller, token, secretId } = await warmed("warm-rotated");
  await callerOf(elsewhere, token).secrets.rotate({ id: secretId, value: "sk_test_second" });
  expect(await caller.secrets.reveal({ name: "KEY" })).toMatchObject({ value: "sk_test_second", version: 2 });
});

test("a deleted tenant's warm reads are refused", async () => {
  const { caller, slug } = await warmed("warm-tenant");
  await callerOf(elsewhere, house.operatorToken).tenants.delete({ tenant: slug });
  await expect(caller.secrets.reveal({ name: "KEY" })).rejects.toMatchObject({
    cause: { code: "unauthenticated" },
  });
});

test("a warm version in grace is refused once its deadline has passed, by the database's clock", async () => {
  const { caller, admin, secretId } = await warmed("warm-grace");
  await admin.secrets.rotate({ id: secretId, value: "sk_test_second", graceSeconds: 3600 });
  for (let i = 0; i < 2; i++)
    expect(await caller.versions.reveal({ id: secretId, version: 1 })).toMatchObject({
      value: "sk_test_first",
    });
  await house.moveClock("2 hours");
  await expect(caller.versions.reveal({ id: secretId, version: 1 })).rejects.toMatchObject({
    cause: { code: "version_expired" },
  });
});

test("a token that expired refuses its own warm reads, and none of its neighbours' in the same batch", async () => {
  const { caller, admin } = await warmed("warm-expired");
  const short = await admin.tokens.create({ name: "short", preset: "reader", expiresInSeconds: 3600 });
  const brief = house.as(short.token);
  await brief.secrets.reveal({ name: "KEY" });
  await caller.secrets.reveal({ name: "KEY" });
  await house.moveClock("2 hours");
  const [mine, theirs] = await Promise.allSettled([
    brief.secrets.reveal({ name: "KEY" }),
    caller.secrets.reveal({ name: "KEY" }),
  ]);
  expect(mine).toMatchObject({ status: "rejected", reason: { cause: { code: "unauthenticated" } } });
  expect(theirs).toMatchObject({ status: "fulfilled", value: { value: "sk_test_first" } });
});

test("a warm read under way while its token is revoked gives nothing out and leaves no success behind", async () => {
  const { caller, id, reader } = await warmed("warm-race");
  const before = await house.sql(
    "SELECT sum(count)::int AS n FROM control_plane.audit_batches WHERE chain_id = $1",
    [id],
  );
  const read = await house.whileChainIsHeld(
    id,
    () => [
      caller.secrets.reveal({ name: "KEY" }).then(
        (answer) => ({ answer }),
        (error: unknown) => ({ error }),
      ),
    ],
    1,
    // What revoking does, in the words of the database: the row, and an event that raises the epoch.
    `UPDATE control_plane.service_tokens SET revoked_at = control_plane.clock(), generation = generation + 1 WHERE id = '${reader.details.id}';
     SELECT control_plane.append_events('${id}', gen_random_uuid(), 1, sha256('\\x0000'), sha256('\\x0000'), '\\x0000000100', NULL, true)`,
  );
  expect(await read[0]).toMatchObject({ error: { cause: { code: "unauthenticated" } } });
  const after = await house.sql(
    "SELECT sum(count)::int AS n FROM control_plane.audit_batches WHERE chain_id = $1",
    [id],
  );
  // The revocation's event, and none besides.
  expect(after[0]!.n).toBe((before[0]!.n as number) + 1);
});

test("a tenant whose chain is held delays no other tenant's reads", async () => {
  const slow = await warmed("warm-held");
  const quick = await warmed("warm-free");
  let quickAnswered = false;
  const [slowRead] = await house.whileChainIsHeld(
    slow.id,
    () => {
      const reads = [slow.caller.secrets.reveal({ name: "KEY" })];
      void quick.caller.secrets.reveal({ name: "KEY" }).then(() => {
        quickAnswered = true;
      });
      return reads;
    },
    1,
    "SELECT 1",
  );
  expect(await slowRead).toMatchObject({ value: "sk_test_first" });
  expect(quickAnswered).toBe(true);
});

test("a warm read whose event cannot be stored gives nothing out, and works again when it can", async () => {
  const { caller, id } = await warmed("warm-unwritten");
  await house.sql(
    `CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'XX000'; END $$`,
  );
  await house.sql(
    `CREATE TRIGGER refuse BEFORE INSERT ON control_plane.audit_batches FOR EACH ROW WHEN (NEW.chain_id = '${id}') EXECUTE FUNCTION public.refuse()`,
  );
  await expect(caller.secrets.reveal({ name: "KEY" })).rejects.toMatchObject({
    cause: { code: "audit_unavailable" },
  });
  await house.sql("DROP TRIGGER refuse ON control_plane.audit_batches");
  expect(await caller.secrets.reveal({ name: "KEY" })).toMatchObject({ value: "sk_test_first" });
});

test("with the cache off every read is cold, and right", async () => {
  const { token } = await warmed("warm-off");
  const caller = callerOf(await house.another({ readCache: false }), token);
  await caller.secrets.reveal({ name: "KEY" });
  expect(await statements(() => caller.secrets.reveal({ name: "KEY" }))).toBeGreaterThan(2);
});

test("a hint that a tenant changed spares the next read an attempt in vain, and a hint that is none does nothing", async () => {
  const { caller, token, id, secretId } = await warmed("warm-hint");
  const change = (value: string) => callerOf(elsewhere, token).secrets.rotate({ id: secretId, value });
  const read = () => caller.secrets.reveal({ name: "KEY" });
  await change("sk_test_second");
  const unaware = await statements(read);
  await change("sk_test_third");
  const [epoch] = await house.sql<{ epoch: string }>(
    "SELECT max(epoch) AS epoch FROM control_plane.audit_batches WHERE chain_id = $1",
    [id],
  );
  house.server.hint(`${id} ${epoch!.epoch}`);
  expect(await statements(read)).toBe(unaware - 1);
  house.server.hint("no hint");
  house.server.hint(`${id} 0`);
  expect(await statements(read)).toBe(1);
});

test("after a restore that lost the last changes, an epoch does not come again for a process that remembers it", async () => {
  const { caller, id, admin, reader, secretId } = await warmed("warm-failover");
  await admin.secrets.update({ id: secretId, description: "the change that will be lost" });
  for (let i = 0; i < 2; i++) await caller.secrets.reveal({ name: "KEY" });
  // The standby that takes over never saw the last change, nor the reads after it.
  await house.tamper(
    `DELETE FROM control_plane.audit_batches WHERE chain_id = '${id}' AND number >= (
       SELECT min(number) FROM control_plane.audit_batches WHERE chain_id = '${id}'
        AND epoch = (SELECT max(epoch) FROM control_plane.audit_batches WHERE chain_id = '${id}'))`,
  );
  await callerOf(elsewhere, house.operatorToken).tokens.revoke({
    tenant: "warm-failover",
    id: reader.details.id,
  });
  await expect(caller.secrets.reveal({ name: "KEY" })).rejects.toMatchObject({
    cause: { code: "unauthenticated" },
  });
});

test("a value that is not remembered is read in one statement by a token that is, and a share of a commit", async () => {
  const { caller, admin, slug } = await warmed("warm-cold");
  const names = Array.from({ length: 40 }, (_, i) => `COLD_${i}`);
  await admin.secrets.setMany({ items: names.map((name) => ({ name, value: `v-${name}` })) });
  await caller.secrets.reveal({ name: "KEY" }); // the token is known again
  const before = await successes(slug);
  const asked = await statements(async () => {
    const answers = await Promise.all(names.map((name) => caller.secrets.reveal({ name })));
    expect(answers.map((one) => one.value)).toEqual(names.map((name) => `v-${name}`));
  });
  expect(asked).toBeLessThan(names.length * 1.5);
  expect(await successes(slug)).toBe(before + names.length);
});

test("a value that is not remembered is refused to a token that another process revoked", async () => {
  const { caller, admin, token, reader } = await warmed("warm-cold-revoked");
  await admin.secrets.create({ name: "OTHER", value: "sk_test_other" });
  await caller.secrets.reveal({ name: "KEY" });
  await callerOf(elsewhere, token).tokens.revoke({ id: reader.details.id });
  await expect(caller.secrets.reveal({ name: "OTHER" })).rejects.toMatchObject({
    cause: { code: "unauthenticated" },
  });
});

test("a list is refused to a token that another process revoked, and lists of one moment share commits", async () => {
  const { caller, token, reader } = await warmed("warm-list-revoked");
  const asked = await statements(async () => {
    await Promise.all(Array.from({ length: 20 }, () => caller.secrets.list({})));
  });
  // On the pool, and not on a transaction's own connection: who calls, and the shared appends.
  expect(asked).toBeLessThan(40);
  await callerOf(elsewhere, token).tokens.revoke({ id: reader.details.id });
  await expect(caller.secrets.list({})).rejects.toMatchObject({ cause: { code: "unauthenticated" } });
});

test("a list is given once more from memory, as long as nothing that it shows has changed anywhere", async () => {
  const { caller, token, secretId } = await warmed("warm-list");
  const names = async () => (await caller.secrets.list({})).secrets.map((one) => one.name);
  await names();
  const asked = await statements(async () => {
    expect(await names()).toEqual(["KEY"]);
  });
  expect(asked).toBe(1);
  const other = callerOf(elsewhere, token);
  for (const [change, shown] of [
    [() => other.secrets.create({ name: "ALSO", value: "v" }), ["ALSO", "KEY"]],
    [() => other.secrets.update({ id: secretId, rename: "NAMED" }), ["ALSO", "NAMED"]],
    [() => other.secrets.delete({ id: secretId }), ["ALSO"]],
  ] as const) {
    await names();
    await change();
    expect(await names()).toEqual(shown);
  }
  const before = (await caller.secrets.list({})).secrets;
  const [made] = before;
  await other.versions.prepare({ id: made!.id, value: "pending" });
  expect((await caller.secrets.list({})).secrets[0]!.generation).toBeGreaterThan(made!.generation);
  await other.rotation.setPolicy({ id: made!.id, schedule: { everyDays: 7 } });
  expect((await caller.secrets.list({})).secrets[0]!.rotation).toMatchObject({ due: false });
  await house.moveClock("8 days");
  expect((await caller.secrets.list({})).secrets[0]!.rotation).toMatchObject({ due: true });
  before.length = 0; // what a caller does to its answer is seen by nobody
  expect(await names()).toEqual(["ALSO"]);
  await house.verify();
});

test("each token is given its own list, and audited for it", async () => {
  const { admin, caller, slug } = await warmed("warm-list-own");
  await admin.secrets.create({ name: "app/ONE", value: "v" });
  const narrow = await admin.tokens.create({ name: "narrow", preset: "reader", prefix: "app/" });
  const names = async (of: typeof caller) => (await of.secrets.list({})).secrets.map((one) => one.name);
  const count = async () =>
    (await house.as(house.operatorToken).audit.list({ tenant: slug, action: "secret.listed" })).events.length;
  for (let i = 0; i < 2; i++) {
    expect(await names(house.as(narrow.token))).toEqual(["app/ONE"]);
    expect(await names(caller)).toEqual(["KEY", "app/ONE"]);
  }
  expect(await count()).toBe(4);
});
