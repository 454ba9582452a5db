import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callerOf, type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const NAMES = Array.from({ length: 24 }, (_, i) => `KEY_${String(i).padStart(2, "0")}`);

const facts = async (tenant: string) => {
  const [row] = await house.sql<{ batches: number; events: number; epoch: string }>(
    `SELECT count(*)::int AS batches, sum(count)::int AS events, max(epoch) AS epoch
       FROM control_plane.audit_batches WHERE chain_id = $1`,
    [tenant],
  );
  return row!;
};

test("what one token sets at once shares commits; each has its event, its message and its answer", async () => {
  const { caller, id } = await house.tenant("together");
  const before = await facts(id);
  const answers = await Promise.all(NAMES.map((name) => caller.secrets.set({ name, value: `v-${name}` })));
  expect(answers.map(({ secret, changed }) => [secret.name, secret.version, changed])).toEqual(
    NAMES.map((name) => [name, 1, true]),
  );
  const after = await facts(id);
  expect(after.events - before.events).toBe(NAMES.length);
  expect(after.batches - before.batches).toBeLessThan(NAMES.length / 2);
  expect(BigInt(after.epoch)).toBeGreaterThan(BigInt(before.epoch));
  const [told] = await house.sql<{ messages: number; ids: number }>(
    `SELECT count(*)::int AS messages, count(DISTINCT name)::int AS ids FROM control_plane.tenant_messages
      WHERE tenant_id = $1 AND kind = 'secret.created'`,
    [id],
  );
  expect(told).toEqual({ messages: NAMES.length, ids: NAMES.length });
  for (const name of ["KEY_00", "KEY_23"])
    expect((await caller.secrets.reveal({ name })).value).toBe(`v-${name}`);
  await house.verify();
});

test("one that cannot be done fails by itself, and the others are done once", async () => {
  const { caller, id } = await house.tenant("together-refused");
  await caller.secrets.create({ name: "KEY_05", value: "there" });
  const before = await facts(id);
  const answers = await Promise.all(
    NAMES.map((name) =>
      name === "KEY_07"
        ? codeOf(caller.secrets.set({ name, value: "v", expectedVersion: 3 }))
        : name === "KEY_05"
          ? codeOf(caller.secrets.create({ name, value: "v" }))
          : caller.secrets.create({ name, value: "v" }).then((made) => made.version),
    ),
  );
  expect(answers).toEqual(
    NAMES.map((name) => (name === "KEY_07" ? "version_mismatch" : name === "KEY_05" ? "name_taken" : 1)),
  );
  expect((await facts(id)).events - before.events).toBe(NAMES.length - 2);
  const [kept] = await house.sql<{ versions: number; sealed: number }>(
    `SELECT (SELECT count(*) FROM control_plane.versions WHERE tenant_id = $1)::int AS versions,
            (SELECT count(*) FROM control_plane.sealed_values WHERE tenant_id = $1)::int AS sealed`,
    [id],
  );
  expect(kept).toEqual({ versions: NAMES.length - 1, sealed: NAMES.length - 1 });
  await house.verify();
});

test("sets of one name at once are versions one after the other, and an idempotency key's call is done once", async () => {
  const { caller } = await house.tenant("together-same");
  const versions = await Promise.all(
    NAMES.map(async (_, i) => (await caller.secrets.set({ name: "ONE", value: `v${i}` })).secret.version),
  );
  expect([...versions].sort((a, b) => a! - b!)).toEqual(NAMES.map((_, i) => i + 1));
  const idempotencyKey = "the-same-key-for-all";
  const made = await Promise.all(
    NAMES.map(async () => (await caller.secrets.create({ name: "TWO", value: "v", idempotencyKey })).id),
  );
  expect(new Set(made).size).toBe(1);
});

test("a token that was revoked elsewhere changes nothing, however much it sets at once", async () => {
  const { caller, token, id } = await house.tenant("together-revoked");
  const writer = await caller.tokens.create({ name: "writer", preset: "admin" });
  const elsewhere = await house.another();
  await callerOf(elsewhere, token).tokens.revoke({ id: writer.details.id });
  const as = house.as(writer.token);
  const codes = await Promise.all(NAMES.map((name) => codeOf(as.secrets.set({ name, value: "v" }))));
  expect(new Set(codes)).toEqual(new Set(["unauthenticated"]));
  expect(await house.sql("SELECT FROM control_plane.secrets WHERE tenant_id = $1", [id])).toHaveLength(0);
});

test("a secret that somebody holds keeps waiting who sets it, and nobody else", async () => {
  const { caller, id } = await house.tenant("together-held");
  await caller.secrets.create({ name: "KEY_03", value: "first" });
  const holder = new pg.Client({ connectionString: house.database.superuserUrl });
  await holder.connect();
  try {
    await holder.query("BEGIN");
    await holder.query("SELECT FROM control_plane.secrets WHERE tenant_id = $1 FOR UPDATE", [id]);
    const held = caller.secrets.set({ name: "KEY_03", value: "second" });
    const others = NAMES.filter((name) => name !== "KEY_03");
    await Promise.all(others.map((name) => caller.secrets.set({ name, value: "v" })));
    await holder.query("COMMIT");
    expect((await held).secret.version).toBe(2);
  } finally {
    await holder.end();
  }
});

test("whose turn does not come in time is told that it is busy, and those whose turn it is are done", async () => {
  const { caller, id, token } = await house.tenant("together-busy");
  await caller.secrets.create({ name: "KEY", value: "first" });
  const impatient = callerOf(await house.another({ limits: { turnMs: 200 } }), token);
  const holder = new pg.Client({ connectionString: house.database.superuserUrl });
  await holder.connect();
  try {
    await holder.query("BEGIN");
    await holder.query("SELECT FROM control_plane.secrets WHERE tenant_id = $1 FOR UPDATE", [id]);
    // Two of one name are on their way at once; the third waits for one of them.
    const codes = [1, 2, 3].map((n) => codeOf(impatient.secrets.set({ name: "KEY", value: `v${n}` })));
    expect(await Promise.race(codes)).toBe("busy");
    await holder.query("COMMIT");
    expect((await Promise.all(codes)).sort()).toEqual(["allowed", "allowed", "busy"]);
    expect((await caller.secrets.get({ name: "KEY" })).version).toBe(3);
  } finally {
    await holder.end();
  }
});

test("new secrets of one moment share their statements, and one whose name is there makes a version all the same", async () => {
  const { caller, id } = await house.tenant("together-statements");
  await caller.secrets.set({ name: "KEY_03", value: "there" });
  const { query } = pg.Client.prototype;
  let asked = 0;
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    asked++;
    return (query as (...given: unknown[]) => unknown).apply(this, given);
  } as typeof query;
  try {
    const answers = await Promise.all(
      NAMES.map((name, i) =>
        caller.secrets.set({ name, value: `v-${name}`, ...(i % 8 === 7 ? { reason: `why ${i}` } : {}) }),
      ),
    );
    expect(answers.map(({ secret }) => secret.version)).toEqual(
      NAMES.map((name) => (name === "KEY_03" ? 2 : 1)),
    );
  } finally {
    pg.Client.prototype.query = query;
  }
  // Two a secret, before they did.
  expect(asked).toBeLessThan(NAMES.length * 1.5);
  for (const name of NAMES) expect((await caller.secrets.reveal({ name })).value).toBe(`v-${name}`);
  const reasons = await house.sql(
    "SELECT reason FROM control_plane.versions WHERE tenant_id = $1 AND reason IS NOT NULL ORDER BY reason",
    [id],
  );
  expect(reasons.map((row) => row.reason)).toEqual(["why 15", "why 23", "why 7"]);
  await house.verify();
});
