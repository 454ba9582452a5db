import { randomBytes } from "node:crypto";
import { hybridSeedFromText, localRootKey } from "@keyfold/envelope";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Caller, callerOf, type House, openHouse } from "../../testing/house.ts";
import { toItsEnd } from "../../testing/keys.ts";
import { codeOf } from "../../testing/refusal.ts";

const seed = hybridSeedFromText(randomBytes(32).toString("hex"));
let house: House;
let tenant: { id: string; slug: string; token: string; caller: Caller };
let operator: Caller;
afterEach(async () => {
  await house.verify().finally(() => house.close());
});

/** The suite of the term that each version of a secret is sealed under, the oldest first. */
const suitesOf = async (secret: string): Promise<number[]> =>
  (
    await house.sql<{ suite: number }>(
      `SELECT k.suite FROM control_plane.sealed_values d
         JOIN control_plane.tenant_keys k ON k.tenant_id = d.tenant_id AND k.purpose = 'value' AND k.term = d.term
        WHERE d.secret_id = $1 ORDER BY d.number`,
      [secret],
    )
  ).map(({ suite }) => suite);
const termsOf = async (id: string): Promise<string[]> =>
  (
    await house.sql<{ term: string }>(
      "SELECT purpose || ' ' || term || ' suite ' || suite AS term FROM control_plane.tenant_keys WHERE tenant_id = $1 ORDER BY 1",
      [id],
    )
  ).map(({ term }) => term);

describe("a deployment with plain keys by default, which holds a hybrid seed", () => {
  beforeEach(async () => {
    house = await openHouse({ hybrid: { current: seed } });
    tenant = await house.tenant("mixed");
    operator = house.as(house.operatorToken);
  });

  test("a secret that wants hybrid-quantum is sealed under a term of its own, and others stay where they are", async () => {
    const plain = await tenant.caller.secrets.create({ name: "PLAIN", value: "not a real value" });
    const hybrid = await tenant.caller.secrets.create({
      name: "HYBRID",
      value: "not a real value either",
      algorithm: "hybrid-quantum",
    });
    expect([plain.algorithm, hybrid.algorithm]).toEqual([null, "hybrid-quantum"]);
    expect([await suitesOf(plain.id), await suitesOf(hybrid.id)]).toEqual([[1], [2]]);
    expect(await termsOf(tenant.id)).toEqual([
      "digest 1 suite 1",
      "digest 2 suite 2",
      "value 1 suite 1",
      "value 2 suite 2",
    ]);
    const fresh = callerOf(await house.another(), tenant.token);
    expect((await fresh.secrets.reveal({ id: hybrid.id })).value).toBe("not a real value either");
    expect((await fresh.secrets.reveal({ id: plain.id })).value).toBe("not a real value");
    // The newest term is hybrid now; who does not want it gets the older one all the same.
    expect((await tenant.caller.secrets.rotate({ id: plain.id, value: "another" })).changed).toBe(true);
    expect(await suitesOf(plain.id)).toEqual([1, 1]);
    const { events } = await operator.audit.list({ tenant: tenant.id, action: "key" });
    expect(
      events.map(({ action, details }) => [action, details.purpose, details.term, details.algorithm]),
    ).toEqual([
      ["key.term_added", "digest", 2, "hybrid-quantum"],
      ["key.term_added", "value", 2, "hybrid-quantum"],
    ]);
  });

  test("a tenant's default holds where a secret does not say, and a secret's own word before it", async () => {
    const before = await tenant.caller.secrets.create({ name: "A", value: "not a real value" });
    const set = await operator.tenants.configure({ tenant: tenant.id, algorithm: "hybrid-quantum" });
    expect(set).toMatchObject({ algorithm: "hybrid-quantum", graceSeconds: null });
    await tenant.caller.secrets.rotate({ id: before.id, value: "two" });
    await callerOf(await house.another(), tenant.token).secrets.rotate({ id: before.id, value: "three" });
    await tenant.caller.secrets.update({ id: before.id, algorithm: "aes-256-gcm" });
    await tenant.caller.secrets.rotate({ id: before.id, value: "four" });
    const back = await tenant.caller.secrets.update({ id: before.id, algorithm: null });
    expect(back.algorithm).toBeNull();
    await tenant.caller.secrets.rotate({ id: before.id, value: "five" });
    expect(await suitesOf(before.id)).toEqual([1, 2, 2, 1, 2]);
    await operator.tenants.configure({ tenant: tenant.id, algorithm: null });
    await tenant.caller.secrets.rotate({ id: before.id, value: "six" });
    expect((await suitesOf(before.id)).at(-1)).toBe(1);
    const { secrets } = await tenant.caller.secrets.list({});
    expect(secrets.map(({ name, algorithm }) => [name, algorithm])).toEqual([["A", null]]);
  });

  test("an equal value changes nothing, in whichever suite it is", async () => {
    const { id } = await tenant.caller.secrets.create({ name: "A", value: "the same" });
    expect((await tenant.caller.secrets.set({ name: "A", value: "the same" })).changed).toBe(false);
    await tenant.caller.secrets.update({ id, algorithm: "hybrid-quantum" });
    await tenant.caller.secrets.set({ name: "A", value: "another" });
    expect((await tenant.caller.secrets.set({ name: "A", value: "another" })).changed).toBe(false);
    await tenant.caller.secrets.update({ id, algorithm: "aes-256-gcm" });
    expect((await tenant.caller.secrets.set({ name: "A", value: "another" })).changed).toBe(false);
    expect(await suitesOf(id)).toEqual([1, 2]);
  });

  test("re-encrypting a secret moves its versions to the suite that it wants, and back, digests with them", async () => {
    const other = await tenant.caller.secrets.create({ name: "OTHER", value: "not a real value" });
    const { id } = await tenant.caller.secrets.create({ name: "A", value: "one" });
    await tenant.caller.secrets.rotate({ id, value: "two" });
    const digestSuites = () =>
      house.sql(
        `SELECT 1 FROM control_plane.sealed_values d
           JOIN control_plane.tenant_keys v ON v.tenant_id = d.tenant_id AND v.purpose = 'value' AND v.term = d.term
           JOIN control_plane.tenant_keys g ON g.tenant_id = d.tenant_id AND g.purpose = 'digest' AND g.term = d.digest_term
          WHERE v.suite <> g.suite`,
      );
    const run = () => toItsEnd(() => operator.keys.reEncrypt({ tenant: tenant.id, secret: id }));
    for (const [algorithm, suite] of [
      ["hybrid-quantum", 2],
      ["aes-256-gcm", 1],
      ["hybrid-quantum", 2],
    ] as const) {
      await tenant.caller.secrets.update({ id, algorithm });
      expect(await run()).toMatchObject({ state: "done" });
      expect(await suitesOf(id)).toEqual([suite, suite]);
      expect(await suitesOf(other.id)).toEqual([1]);
      expect(await digestSuites()).toEqual([]);
      const fresh = callerOf(await house.another(), tenant.token);
      expect((await fresh.secrets.reveal({ id })).value).toBe("two");
      expect((await fresh.versions.reveal({ id, version: 1 })).value).toBe("one");
      expect((await fresh.secrets.set({ name: "A", value: "two" })).changed).toBe(false);
    }
  });

  test("re-encrypting a tenant brings all of it to its default, and rotating its keys leaves each in its suite", async () => {
    const one = await tenant.caller.secrets.create({ name: "ONE", value: "one" });
    const plain = await tenant.caller.secrets.create({ name: "TWO", value: "two", algorithm: "aes-256-gcm" });
    await operator.tenants.configure({ tenant: tenant.id, algorithm: "hybrid-quantum" });
    const all = { tenant: tenant.id };
    expect(await toItsEnd(() => operator.keys.reEncrypt(all))).toMatchObject({ state: "done" });
    expect([await suitesOf(one.id), await suitesOf(plain.id)]).toEqual([[2], [1]]);
    const before = await house.sql("SELECT secret_id, term FROM control_plane.sealed_values ORDER BY 1");
    expect(await toItsEnd(() => operator.keys.rotateTenant(all))).toMatchObject({ state: "done" });
    expect([await suitesOf(one.id), await suitesOf(plain.id)]).toEqual([[2], [1]]);
    expect(await house.sql("SELECT secret_id, term FROM control_plane.sealed_values ORDER BY 1")).not.toEqual(
      before,
    );
    expect(await toItsEnd(() => operator.keys.reEncrypt({ ...all, digests: true }))).toMatchObject({
      state: "done",
    });
    expect([await suitesOf(one.id), await suitesOf(plain.id)]).toEqual([[2], [1]]);
    const fresh = callerOf(await house.another(), tenant.token);
    expect((await fresh.secrets.reveal({ id: one.id })).value).toBe("one");
    expect((await fresh.secrets.reveal({ id: plain.id })).value).toBe("two");
  });

  test("a job that re-encrypts is not led to a weaker suite by an edited row", async () => {
    const { id } = await tenant.caller.secrets.create({
      name: "A",
      value: "one",
      algorithm: "hybrid-quantum",
    });
    await house.tamper("UPDATE control_plane.secrets SET algorithm = 'aes-256-gcm'");
    const job = await toItsEnd(() => operator.keys.reEncrypt({ tenant: tenant.id, secret: id }));
    expect(job).toMatchObject({ state: "stopped", problem: "integrity_failed" });
    expect(await suitesOf(id)).toEqual([2]);
    await house.tamper("UPDATE control_plane.secrets SET algorithm = 'hybrid-quantum'");
  });

  test("the database keeps a value and its digest in one suite", async () => {
    const { id } = await tenant.caller.secrets.create({
      name: "A",
      value: "one",
      algorithm: "hybrid-quantum",
    });
    const mixed = house.sql(
      `UPDATE control_plane.sealed_values SET digest = '\\x00', digest_term = 1, dek_wrap = '\\x00', sealed = '\\x00',
          replaces = sha256(sealed || dek_wrap), generation = generation + 1 WHERE secret_id = $1`,
      [id],
    );
    expect(await mixed.catch((error: { code: string }) => error.code)).toMatch(/^KF4(03|10)$/);
  });

  test("many who need a tenant's first hybrid key at once make one", async () => {
    const servers = await Promise.all([0, 1, 2].map(() => house.another()));
    const made = await Promise.all(
      [...servers, ...servers].map((server, n) =>
        callerOf(server, tenant.token).secrets.create({
          name: `S${n}`,
          value: `not a real value ${n}`,
          algorithm: "hybrid-quantum",
        }),
      ),
    );
    expect((await termsOf(tenant.id)).length).toBe(4);
    for (const { id } of made) expect(await suitesOf(id)).toEqual([2]);
  });

  test("an idempotent create that made the tenant's first hybrid key answers its repetition", async () => {
    const input = {
      name: "A",
      value: "not a real value",
      algorithm: "hybrid-quantum",
      idempotencyKey: "key-of-the-caller",
    } as const;
    const one = await tenant.caller.secrets.create(input);
    expect(await tenant.caller.secrets.create(input)).toEqual(one);
    expect(await codeOf(tenant.caller.secrets.create({ ...input, value: "another" }))).toBe(
      "idempotency_mismatch",
    );
  });

  test("an algorithm that was edited in the database is refused, of a secret and of a tenant", async () => {
    const { id } = await tenant.caller.secrets.create({
      name: "A",
      value: "not a real value",
      algorithm: "hybrid-quantum",
    });
    const edits = [
      ["UPDATE control_plane.secrets SET algorithm = ", "'aes-256-gcm'", "'hybrid-quantum'"],
      ["UPDATE control_plane.secrets SET algorithm = ", "NULL", "'hybrid-quantum'"],
      ["UPDATE control_plane.tenants SET algorithm = ", "'aes-256-gcm'", "NULL"],
    ] as const;
    for (const [edit, to, from] of edits) {
      await house.tamper(edit + to);
      expect(await codeOf(tenant.caller.secrets.rotate({ id, value: "two" }))).toBe("integrity_failed");
      await house.tamper(edit + from);
    }
    expect(await codeOf(tenant.caller.secrets.rotate({ id, value: "two" }))).toBe("allowed");
  });
});

test("without a hybrid seed nothing becomes hybrid, and nothing is made that says it is", async () => {
  house = await openHouse();
  tenant = await house.tenant("plain");
  operator = house.as(house.operatorToken);
  const wish = { algorithm: "hybrid-quantum" } as const;
  expect(await codeOf(tenant.caller.secrets.create({ name: "A", value: "v", ...wish }))).toBe(
    "illegal_state",
  );
  expect(await codeOf(operator.tenants.create({ slug: "b", ...wish }))).toBe("illegal_state");
  await operator.tenants.configure({ tenant: tenant.id, ...wish });
  expect(await codeOf(tenant.caller.secrets.create({ name: "A", value: "v" }))).toBe("illegal_state");
  expect(
    await codeOf(tenant.caller.secrets.create({ name: "A", value: "v", algorithm: "rot13" as never })),
  ).toBe("bad_input");
  expect(await termsOf(tenant.id)).toEqual(["digest 1 suite 1", "value 1 suite 1"]);
});

test("a deployment that is hybrid by default does all that any other does, and holds no plain wrap", async () => {
  house = await openHouse({ hybrid: { current: seed }, algorithm: "hybrid-quantum" });
  tenant = await house.tenant("hybrid");
  operator = house.as(house.operatorToken);
  const { caller } = tenant;
  const { id } = await caller.secrets.create({ name: "A", value: "one" });
  await caller.secrets.rotate({ id, value: "two" });
  expect((await caller.versions.reveal({ id, version: 1 })).value).toBe("one");
  expect((await caller.secrets.rollBack({ id, to: 1 })).secret.version).toBe(3);
  const items = ["B", "C", "D"].map((name) => ({ name, value: `not a real value of ${name}` }));
  await caller.secrets.setMany({ items });
  const many = await caller.secrets.revealMany({ names: ["A", "B", "C", "D"] });
  const values = ["one", ...items.map(({ value }) => value)];
  expect(many.secrets.map(({ value }) => value)).toEqual(values);
  const next = localRootKey(randomBytes(32));
  const both = callerOf(
    await house.another({ provider: next, others: [house.provider] }),
    house.operatorToken,
  );
  expect(await toItsEnd(() => both.keys.rotate({}))).toMatchObject({ state: "done" });
  expect(await toItsEnd(() => both.keys.verify({}))).toMatchObject({ state: "done" });
  const alone = callerOf(await house.another({ provider: next }), tenant.token);
  const again = await alone.secrets.revealMany({ names: ["A", "B", "C", "D"] });
  expect(again.secrets.map(({ value }) => value)).toEqual(values);
  expect(await house.sql("SELECT 1 FROM control_plane.key_wraps WHERE suite <> 2")).toEqual([]);
});
