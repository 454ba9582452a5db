import { randomBytes } from "node:crypto";
import { EnvelopeError, localRootKey, type RootKeyProvider } from "@keyfold/envelope";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Caller, callerOf, type House, openHouse } from "../../testing/house.ts";
import { toItsEnd } from "../../testing/keys.ts";
import { codeOf, refusalOf } from "../../testing/refusal.ts";
import { WRAP_LIMITS } from "../wraps/wrap-budget.ts";

interface Furnished {
  id: string;
  slug: string;
  token: string;
  caller: Caller;
  secret: string;
}

let house: House;
let operator: Caller;
let acme: Furnished;
let globex: Furnished;

beforeEach(async () => {
  house = await openHouse();
  operator = house.as(house.operatorToken);
  [acme, globex] = [await furnish("acme"), await furnish("globex")];
});
afterEach(async () => {
  await house.verify().finally(() => house.close());
});

async function furnish(slug: string): Promise<Furnished> {
  const { id, token, caller } = await house.tenant(slug);
  const { id: secret } = await caller.secrets.create({
    name: "K",
    value: `first value of ${slug}, not real`,
  });
  await caller.secrets.rotate({ id: secret, value: `second value of ${slug}, not real` });
  return { id, slug, token, caller, secret };
}

const rotate = (input: { tenant?: string } = {}, caller = operator) =>
  toItsEnd(() => caller.keys.rotateTenant(input));
const reEncrypt = (input: Parameters<Caller["keys"]["reEncrypt"]>[0] = {}, caller = operator) =>
  toItsEnd(() => caller.keys.reEncrypt(input));

const terms = async (tenant: Furnished, purpose = "value") =>
  (
    await house.sql<{ term: number }>(
      "SELECT term FROM control_plane.tenant_keys WHERE tenant_id = $1 AND purpose = $2 ORDER BY term",
      [tenant.id, purpose],
    )
  ).map(({ term }) => term);

interface Sealed {
  number: number;
  term: number;
  digest_term: number;
  sealed: Buffer;
  dek_wrap: Buffer;
  digest: Buffer;
}
const sealedOf = (tenant: Furnished, secret = tenant.secret) =>
  house.sql<Sealed>(
    "SELECT * FROM control_plane.sealed_values WHERE tenant_id = $1 AND secret_id = $2 ORDER BY number",
    [tenant.id, secret],
  );

/** Both values of a tenant, through a server that has nothing cached and through the one that has. */
async function readable(tenant: Furnished, provider: RootKeyProvider = house.provider): Promise<void> {
  const fresh = callerOf(await house.another({ provider }), tenant.token);
  for (const caller of [tenant.caller, fresh]) {
    expect((await caller.secrets.reveal({ id: tenant.secret })).value).toBe(
      `second value of ${tenant.slug}, not real`,
    );
    expect((await caller.versions.reveal({ id: tenant.secret, version: 1 })).value).toBe(
      `first value of ${tenant.slug}, not real`,
    );
  }
}

test("a tenant's key is rotated: every DEK rewrapped, no value touched, and the old term gone", async () => {
  const before = await sealedOf(acme);
  const job = await rotate({ tenant: "acme" });
  expect(job).toMatchObject({
    kind: "rotate_tenant",
    state: "done",
    opener: null,
    tenantId: acme.id,
    done: 3,
  });
  expect(await terms(acme)).toEqual([2]);
  expect(await terms(globex)).toEqual([1]);
  const after = await sealedOf(acme);
  expect(after.map(({ term }) => term)).toEqual([2, 2]);
  for (const [i, row] of after.entries()) {
    expect(row.sealed).toEqual(before[i]!.sealed);
    expect(row.digest).toEqual(before[i]!.digest);
    expect(row.dek_wrap).not.toEqual(before[i]!.dek_wrap);
  }
  await readable(acme);
  await readable(globex);
});

test("all tenants' keys are rotated by one job, and the log says so once for each slice", async () => {
  expect(await rotate()).toMatchObject({ state: "done", tenantId: null, done: 6, total: 6 });
  for (const tenant of [acme, globex]) {
    expect(await terms(tenant)).toEqual([2]);
    await readable(tenant);
    const { events } = await operator.audit.list({ tenant: tenant.id, action: "key" });
    expect(events.map(({ action }) => action)).toEqual([
      "key.terms_ended",
      "key.deks_rewrapped",
      "key.term_added",
    ]);
    expect(events[1]!.details).toMatchObject({ versions: 2, term: 2 });
  }
  expect(await rotate()).toMatchObject({ state: "done" });
  expect(await terms(acme)).toEqual([3]);
});

test("values are re-encrypted: new bytes, new keys, the same plaintext", async () => {
  const before = [...(await sealedOf(acme)), ...(await sealedOf(globex))];
  expect(await reEncrypt()).toMatchObject({ kind: "re_encrypt", state: "done", done: 6 });
  const after = [...(await sealedOf(acme)), ...(await sealedOf(globex))];
  for (const [i, row] of after.entries()) {
    expect(row.term).toBe(2);
    expect(row.sealed.subarray(2)).not.toEqual(before[i]!.sealed.subarray(2));
    expect(row.digest).toEqual(before[i]!.digest);
    // Neither the old DEK nor the old tenant key opens anything of it: salt, commitment and wrap are others.
    expect(row.sealed.subarray(2, 66)).not.toEqual(before[i]!.sealed.subarray(2, 66));
  }
  await readable(acme);
  await readable(globex);
});

test("one secret is re-encrypted under the current term, and no other", async () => {
  const other = await acme.caller.secrets.create({ name: "OTHER", value: "another value, not real" });
  const [before, untouched] = [await sealedOf(acme), await sealedOf(acme, other.id)];
  const job = await reEncrypt({ tenant: "acme", secret: acme.secret });
  expect(job).toMatchObject({ state: "done", secretId: acme.secret, done: 2, total: 2 });
  expect(await terms(acme)).toEqual([1]);
  const after = await sealedOf(acme);
  for (const [i, row] of after.entries()) expect(row.sealed).not.toEqual(before[i]!.sealed);
  expect(await sealedOf(acme, other.id)).toEqual(untouched);
  await readable(acme);
});

test("digests are made anew with a term of their own, and setting the identical value changes nothing all along", async () => {
  const same = () => acme.caller.secrets.set({ name: "K", value: "second value of acme, not real" });
  const before = await sealedOf(acme);
  // Half of it done: there is a new term of the digest key, and the version still has its old digest.
  await operator.keys.reEncrypt({ tenant: "acme", digests: true, forSeconds: 0, perSecond: 1 });
  expect(await terms(acme, "digest")).toEqual([1, 2]);
  const another = callerOf(await house.another(), acme.token);
  for (const caller of [acme.caller, another])
    expect(await caller.secrets.set({ name: "K", value: "second value of acme, not real" })).toMatchObject({
      changed: false,
    });
  expect(await reEncrypt({ tenant: "acme", digests: true })).toMatchObject({ state: "done" });
  expect(await terms(acme, "digest")).toEqual([2]);
  const after = await sealedOf(acme);
  expect(after.map(({ digest_term }) => digest_term)).toEqual([2, 2]);
  for (const [i, row] of after.entries()) expect(row.digest).not.toEqual(before[i]!.digest);
  expect(await same()).toMatchObject({ changed: false });
  expect(await acme.caller.secrets.set({ name: "K", value: "a third value, not real" })).toMatchObject({
    changed: true,
  });
});

test("the same call again with its idempotency key answers the same after the digest key was rotated", async () => {
  const call = () =>
    acme.caller.secrets.create({
      name: "ONCE",
      value: "not a real value",
      idempotencyKey: "once-and-again-1",
    });
  const made = await call();
  await reEncrypt({ tenant: "acme", digests: true });
  expect(await call()).toEqual(made);
});

test("a process that remembers the old term writes under the new one, in every way there is to write", async () => {
  const stale = callerOf(await house.another(), acme.token);
  await stale.secrets.set({ name: "WARM", value: "not a real value" });
  // Half of it done: the new term is there, the old one too.
  await operator.keys.rotateTenant({ tenant: "acme", forSeconds: 0, perSecond: 1 });
  expect(await terms(acme)).toEqual([1, 2]);
  const written = [
    (await stale.secrets.create({ name: "NEW", value: "not a real value" })).id,
    (await stale.secrets.set({ name: "WARM", value: "not a real value either" })).secret.id,
  ];
  for (const id of written) expect((await sealedOf(acme, id)).at(-1)!.term).toBe(2);
  await rotate({ tenant: "acme" });
  await rotate({ tenant: "acme" });
  expect(await terms(acme)).toEqual([3]);
  const { id } = await stale.secrets.get({ name: "WARM" });
  await stale.secrets.rotate({ id, value: "rotated, not real" });
  await rotate({ tenant: "acme" });
  await stale.secrets.rollBack({ id, to: 1 });
  await rotate({ tenant: "acme" });
  await stale.secrets.setMany({
    items: [
      { name: "MANY", value: "not real" },
      { name: "WARM", value: "not real" },
    ],
  });
  expect((await sealedOf(acme, id)).map(({ term }) => term)).toEqual([5, 5, 5, 5, 5]);
  expect((await stale.secrets.reveal({ id })).value).toBe("not real");
  await readable(acme);
});

test("a reader that loaded its rows before the old term ended reads them again", async () => {
  const cold = callerOf(await house.another({ readCache: false, keyring: { ttlMs: 0 } }), acme.token);
  const readers = Array.from({ length: 4 }, async () => {
    for (let i = 0; i < 15; i++)
      expect((await cold.secrets.reveal({ id: acme.secret })).value).toBe("second value of acme, not real");
  });
  const jobs = (async () => {
    for (let i = 0; i < 4; i++) {
      await rotate({ tenant: "acme" });
      await reEncrypt({ tenant: "acme", digests: true });
    }
  })();
  await Promise.all([...readers, jobs]);
  expect(await terms(acme)).toEqual([9]);
});

test("under a term that is closed the database takes nothing, whoever asks", async () => {
  await operator.keys.rotateTenant({ tenant: "acme", forSeconds: 0, perSecond: 1 });
  const update = (set: string) =>
    house
      .sql(
        `UPDATE control_plane.sealed_values SET ${set}, replaces = sha256(sealed || dek_wrap), generation = generation + 1 WHERE tenant_id = $1`,
        [acme.id],
      )
      .then(
        () => "done",
        (error: { code: string }) => error.code,
      );
  expect(await update("dek_wrap = 'x', term = 1")).toBe("KF410");
  expect(await update("dek_wrap = 'x', term = 3")).toBe("KF410");
  expect(await update("dek_wrap = 'x', term = 2, digest = 'x', digest_term = 2")).toBe("KF410");
  const added = (term: number) =>
    house
      .sql(
        "INSERT INTO control_plane.tenant_keys (tenant_id, purpose, term, check_value, created_at, generation, mac) VALUES ($1, 'value', $2, 'x', now(), 1, 'x')",
        [acme.id, term],
      )
      .then(
        () => "done",
        (error: { code: string }) => error.code,
      );
  expect([await added(2), await added(4)]).toEqual(["KF409", "KF409"]);
});

test("what was destroyed stays so; what was revoked or deleted is moved like the rest, and can come back", async () => {
  const { caller, secret } = acme;
  await caller.secrets.rotate({ id: secret, value: "third, not real" });
  await caller.versions.destroy({ id: secret, version: 1, reason: "test" });
  await caller.versions.revoke({ id: secret, version: 2, reason: "test" });
  await caller.secrets.delete({ id: secret });
  for (const job of [rotate, reEncrypt]) {
    expect(await job({ tenant: "acme" })).toMatchObject({ state: "done" });
    const rows = await sealedOf(acme);
    expect(rows.map(({ sealed }) => sealed === null)).toEqual([true, false, false]);
    expect(new Set(rows.slice(1).map(({ term }) => term))).toEqual(new Set(await terms(acme)));
  }
  await caller.secrets.restore({ id: secret });
  expect((await caller.secrets.reveal({ id: secret })).value).toBe("third, not real");
});

test("many versions are moved in slices that two processes share, and each is moved once", async () => {
  const values = Array.from({ length: 450 }, (_, i) => ({ name: `S${i}`, value: `value ${i}, not real` }));
  await acme.caller.secrets.setMany({ items: values.slice(0, 225) });
  await acme.caller.secrets.setMany({ items: values.slice(225) });
  const another = callerOf(await house.another(), house.operatorToken);
  const [one, two] = await Promise.all([
    reEncrypt({ tenant: "acme" }),
    reEncrypt({ tenant: "acme" }, another),
  ]);
  expect([one.state, two.state]).toEqual(["done", "done"]);
  expect(Math.max(one.done, two.done)).toBe(453);
  const { events } = await operator.audit.list({
    tenant: acme.id,
    action: "key.values_re_encrypted",
    limit: 100,
  });
  // A call that comes when the job has just ended begins another, which moves each once more.
  const jobs = new Set([one.id, two.id]).size;
  expect(events.reduce((sum, { details }) => sum + Number(details.versions), 0)).toBe(452 * jobs);
  const [{ generations } = { generations: 0 }] = await house.sql<{ generations: number }>(
    "SELECT max(generation)::int AS generations FROM control_plane.sealed_values WHERE tenant_id = $1",
    [acme.id],
  );
  expect(generations).toBe(1 + jobs);
  const { secrets } = await callerOf(await house.another(), acme.token).secrets.revealMany({
    names: values.map(({ name }) => name),
  });
  expect(secrets.map(({ value }) => value)).toEqual(values.map(({ value }) => value));
});

test("a rotation and a re-encryption at once end both, and every DEK is newer than the re-encryption", async () => {
  const before = await sealedOf(acme);
  const [a, b] = await Promise.all([rotate(), reEncrypt(), rotate({ tenant: "acme" })]);
  expect([a.state, b.state]).toEqual(["done", "done"]);
  const after = await sealedOf(acme);
  for (const [i, row] of after.entries()) expect(row.sealed).not.toEqual(before[i]!.sealed);
  expect((await terms(acme)).length).toBe(1);
  await readable(acme);
});

test("tenants and secrets that come, change and go meanwhile are neither missed nor in the way", async () => {
  const churn = (async () => {
    for (let i = 0; i < 6; i++) {
      const { id, caller } = await house.tenant(`brief-${i}`);
      const { id: secret } = await caller.secrets.create({ name: "K", value: "one, not real" });
      await acme.caller.secrets.set({ name: `N${i}`, value: "one, not real" });
      await caller.secrets.rotate({ id: secret, value: "two, not real" });
      await acme.caller.secrets.set({ name: `N${i}`, value: "two, not real" });
      await caller.versions.destroy({ id: secret, version: 1, reason: "test" });
      await operator.tenants.delete({ tenant: id });
      if (i % 2 === 0) await operator.tenants.purge({ tenant: id, confirm: `brief-${i}` });
    }
  })();
  const jobs = [rotate(), reEncrypt({ digests: true }), rotate({ tenant: "acme" })];
  await churn;
  for (const job of await Promise.all(jobs))
    expect(job, house.logged.join("\n")).toMatchObject({ state: "done" });
  expect(await rotate()).toMatchObject({ state: "done" });
  for (let i = 0; i < 6; i++)
    expect((await acme.caller.secrets.reveal({ name: `N${i}` })).value).toBe("two, not real");
  await readable(acme);
  await readable(globex);
});

test("a key service that fails in the middle stops the job by name, and a second run finishes it", async () => {
  let calls = 0;
  let down = true;
  const flaky = Object.create(house.provider) as RootKeyProvider;
  flaky.wrap = (...args) =>
    down && ++calls > 1
      ? Promise.reject(new EnvelopeError("provider_unavailable"))
      : house.provider.wrap(...args);
  const caller = callerOf(await house.another({ provider: flaky }), house.operatorToken);
  expect(await rotate({}, caller)).toMatchObject({ state: "stopped", problem: "key_unavailable" });
  await readable(acme);
  await readable(globex);
  down = false;
  expect(await rotate({}, caller)).toMatchObject({ state: "done", problem: null });
  await readable(acme);
  await readable(globex);
});

test("a wrap of a new term that does not open again is never stored", async () => {
  const broken = Object.create(house.provider) as RootKeyProvider;
  broken.wrap = (_key, aad, opener) => house.provider.wrap(randomBytes(32), aad, opener);
  const caller = callerOf(await house.another({ provider: broken }), house.operatorToken);
  expect(await rotate({}, caller)).toMatchObject({ state: "stopped", problem: "decryption_failed" });
  expect(await terms(acme)).toEqual([1]);
});

test("a version that cannot be opened stops neither the others nor is its term ended", async () => {
  await house.tamper(
    "UPDATE control_plane.sealed_values SET dek_wrap = $2 WHERE tenant_id = $1 AND number = 1",
    [acme.id, randomBytes(62)],
  );
  for (const job of [rotate, reEncrypt]) {
    expect(await job()).toMatchObject({ state: "stopped", problem: "decryption_failed", failed: [acme.id] });
    expect((await terms(acme))[0]).toBe(1);
    expect((await terms(globex)).length).toBe(1);
    expect((await sealedOf(acme))[0]!.term).toBe(1);
    expect((await acme.caller.secrets.reveal({ id: acme.secret })).value).toBe(
      "second value of acme, not real",
    );
    await readable(globex);
  }
  expect(house.logged.some((line) => line.includes(acme.secret) && line.includes('"version":1'))).toBe(true);
});

test("a clock that jumps back or ahead neither ends a job early nor starts it anew", async () => {
  await house.moveClock("-400 days");
  await operator.keys.rotateTenant({ forSeconds: 0, perSecond: 1 });
  await house.moveClock("400 days");
  await furnish("late");
  await operator.keys.rotateTenant({ forSeconds: 0, perSecond: 1 });
  await house.moveClock("-10 days");
  expect(await rotate()).toMatchObject({ state: "done" });
  expect(await terms(acme)).toEqual([2]);
  expect(await terms(globex)).toEqual([2]);
  await house.moveClock("0");
  await readable(globex);
});

test("after a tenant key was rotated the root key is rotated and retired as before", async () => {
  const next = localRootKey(randomBytes(32));
  await operator.keys.rotateTenant({ forSeconds: 0, perSecond: 1 });
  const both = callerOf(
    await house.another({ provider: next, others: [house.provider] }),
    house.operatorToken,
  );
  const root = toItsEnd(() => both.keys.rotate({}));
  const terms = toItsEnd(() => both.keys.rotateTenant({}));
  expect((await root).state).toBe("done");
  expect((await terms).state).toBe("done");
  await toItsEnd(() => both.keys.rotate({}));
  expect((await toItsEnd(() => both.keys.verify({}))).state).toBe("done");
  const opener = (await house.provider.current()).id;
  expect((await toItsEnd(() => both.keys.retire({ opener }))).state).toBe("done");
  const server = await house.another({ provider: next });
  expect((await callerOf(server, acme.token).secrets.reveal({ id: acme.secret })).value).toBe(
    "second value of acme, not real",
  );
});

test("jobs over what is not there, or of others, are refused by name", async () => {
  const nobody = "00000000-0000-4000-8000-000000000000";
  expect(await codeOf(operator.keys.rotateTenant({ tenant: nobody }))).toBe("not_found");
  expect(await codeOf(operator.keys.rotateTenant({ tenant: "no-such" }))).toBe("not_found");
  expect(await codeOf(operator.keys.reEncrypt({ tenant: "acme", secret: globex.secret }))).toBe("not_found");
  expect(await codeOf(operator.keys.reEncrypt({ secret: acme.secret }))).toBe("bad_input");
  expect(await codeOf(operator.keys.reEncrypt({ tenant: "acme", secret: acme.secret, digests: true }))).toBe(
    "bad_input",
  );
  await operator.keys.reEncrypt({ forSeconds: 0, perSecond: 1 });
  expect(await codeOf(operator.keys.reEncrypt({ digests: true }))).toBe("illegal_state");
  expect(await codeOf(acme.caller.keys.rotateTenant({ tenant: "acme" }))).toBe("forbidden");
});

test("wraps are counted before they are made, by the block, and a crash takes nothing away", async () => {
  const count = async (tenant = acme) =>
    Number(
      (
        await house.sql<{ reserved: string }>(
          "SELECT reserved FROM control_plane.wrap_counts WHERE tenant_id = $1 ORDER BY term DESC LIMIT 1",
          [tenant.id],
        )
      )[0]?.reserved ?? 0,
    );
  const before = await count();
  // Another process, which is never heard of again.
  const gone = callerOf(await house.another({ wrapLimits: { block: 16 } }), acme.token);
  for (let i = 0; i < 3; i++) await gone.secrets.set({ name: "N", value: `value ${i}, not real` });
  expect(await count()).toBe(before + 16);
  const next = callerOf(await house.another({ wrapLimits: { block: 16 } }), acme.token);
  await next.secrets.set({ name: "N", value: "one more, not real" });
  expect(await count()).toBe(before + 32);
  await expect(
    house.sql("UPDATE control_plane.wrap_counts SET reserved = 0 WHERE tenant_id = $1", [acme.id]),
  ).rejects.toMatchObject({ code: "KF403" });
});

test("a key that has wrapped too often is refused by name; the job that is due for it makes another, and all goes on", async () => {
  const limits = { block: 4, rotateAt: 8, refuseAt: 16 };
  const { id, token } = await house.tenant("busy");
  const server = await house.another({ wrapLimits: limits });
  const [caller, by] = [callerOf(server, token), callerOf(server, house.operatorToken)];
  const write = (i: number) => codeOf(caller.secrets.set({ name: "N", value: `value ${i}, not real` }));
  let written = 0;
  while ((await write(written)) === "allowed") written++;
  // Each wrap was counted, and none was lost.
  expect(written).toBeGreaterThanOrEqual(limits.refuseAt - 4);
  expect(written).toBeLessThanOrEqual(limits.refuseAt);
  const refusal = await refusalOf(caller.secrets.set({ name: "N", value: "too many, not real" }));
  expect([refusal.code, refusal.message]).toEqual([
    "key_used_up",
    `This tenant's key has wrapped as many keys as one key safely may. The operator makes another: keyfold keys rotate-tenant ${id}`,
  ]);
  expect(await codeOf(caller.secrets.reveal({ name: "N" }))).toBe("allowed");
  expect((await by.keys.status({})).rotation.tenantsDue).toContain(id);
  // What is moved counts under the new key: there must be room for it.
  const roomy = await house.another({ wrapLimits: { ...limits, refuseAt: 4096 } });
  const due = roomy.jobs.find(({ name }) => name === "tenant_keys.rotate_due")!;
  for (let runs = 0; runs < 3; runs++) await due.run();
  const [newest] = await house.sql<{ term: number }>(
    "SELECT max(term) AS term FROM control_plane.tenant_keys WHERE tenant_id = $1 AND purpose = 'value'",
    [id],
  );
  expect(newest!.term).toBeGreaterThan(1);
  expect(await codeOf(callerOf(roomy, token).secrets.set({ name: "N", value: "again, not real" }))).toBe(
    "allowed",
  );
});

test("the limits are 2^28 and 2^31 unless a test says otherwise", () => {
  expect(WRAP_LIMITS).toMatchObject({ rotateAt: 268_435_456, refuseAt: 2_147_483_648 });
});

test("a root key's wraps are counted too: due at the one limit, refused at the other", async () => {
  const provider = localRootKey(randomBytes(32));
  const server = await house.another({
    provider,
    others: [house.provider],
    wrapLimits: { block: 2, rotateAt: 4, refuseAt: 6 },
  });
  const by = callerOf(server, house.operatorToken);
  expect((await by.keys.status({})).rotation).toMatchObject({ wraps: 0, overdue: false });
  for (const slug of ["one", "two", "three"]) await by.tenants.create({ slug });
  expect((await by.keys.status({})).rotation).toMatchObject({ wraps: 6, overdue: true });
  expect((await server.keyFacts()).rotation).toMatchObject({ wraps: 6, overdue: true });
  const refusal = await refusalOf(by.tenants.create({ slug: "four" }));
  expect([refusal.code, refusal.message]).toEqual([
    "key_used_up",
    `The root key ${(await provider.current()).id} has wrapped as many keys as one key safely may. Rotate to another root key.`,
  ]);
});

test("a secret that is re-encrypted while a re-encryption of everything is under way holds up neither its tenant nor its end", async () => {
  // One key at most in a call: the first tenant has its new term by then, the other nothing yet.
  await operator.keys.reEncrypt({ forSeconds: 0, perSecond: 1 });
  const later = (await terms(acme)).includes(2) ? globex : acme;
  expect(await terms(later)).toEqual([1]);
  const { id } = await later.caller.secrets.create({ name: "ONE", value: "one, not real" });
  await reEncrypt({ tenant: later.id, secret: id });
  expect(await reEncrypt()).toMatchObject({ state: "done" });
  expect(await terms(later)).toEqual([2]);
  expect((await later.caller.secrets.reveal({ id })).value).toBe("one, not real");
});
