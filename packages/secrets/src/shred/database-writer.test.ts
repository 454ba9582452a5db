import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

/*
 * Someone who may write anything to the database and holds no key. They can delete what is there, which no MAC prevents;
 * what they cannot do is make Keyfold destroy it in the name of both sides, receipt and all.
 */

let house: House;
let operator: Caller;
let sequence = 0;
beforeAll(async () => {
  house = await openHouse();
  operator = house.as(house.operatorToken);
});
afterAll(() => house.close());

async function victim() {
  const slug = `victim-${++sequence}`;
  const made = await house.tenant(slug);
  await operator.shreds.request({ tenant: made.id, confirm: slug, reason: "a test" });
  return { ...made, agree: () => made.caller.shreds.agree({ confirm: slug }) };
}

const problemOf = async (id: string) =>
  (await operator.shreds.run({})).shreds.find((shred) => shred.tenant === id)?.problem;

async function untouched(id: string): Promise<void> {
  expect(await problemOf(id)).toBe("integrity_failed");
  expect(await house.sql("SELECT 1 FROM control_plane.tenant_keys WHERE tenant_id = $1", [id])).toHaveLength(
    2,
  );
  expect(await codeOf(operator.shreds.status({ tenant: id }))).toBe("integrity_failed");
  // It must not stand in the way of the next test's.
  await house.tamper("DELETE FROM control_plane.tenant_shreds WHERE tenant_id = $1", [id]);
}

const change = (id: string, set: string) =>
  house.tamper(`UPDATE control_plane.tenant_shreds SET ${set} WHERE tenant_id = $1`, [id]);

test("shortens the wait", async () => {
  for (const set of [
    "wait_seconds = 0, due_at = agreed_at",
    "agreed_at = agreed_at - interval '7 days', due_at = due_at - interval '7 days'",
    "agreed_at = agreed_at - interval '7 days', due_at = due_at - interval '7 days', generation = generation + 1",
  ]) {
    const { id, agree } = await victim();
    await agree();
    await change(id, set);
    await untouched(id);
  }
});

test("forges the other side's consent", async () => {
  const { id } = await victim();
  const owner = JSON.stringify({ type: "service_token", id: randomUUID(), name: "owner" });
  await change(
    id,
    `state = 'waiting', agreed_by = '${owner}', agreed_at = now() - interval '8 days', due_at = now() - interval '1 day', generation = 2`,
  );
  await untouched(id);
});

test("gives one tenant's agreement to another", async () => {
  const [from, to] = [await victim(), await victim()];
  await from.agree();
  await house.tamper("DELETE FROM control_plane.tenant_shreds WHERE tenant_id = $1", [to.id]);
  await change(from.id, `tenant_id = '${to.id}'`);
  await house.moveClock("8 days");
  await untouched(to.id);
  await house.moveClock("0");
});

test("brings a cancelled one back", async () => {
  const { id, agree } = await victim();
  await agree();
  await operator.shreds.cancel({ tenant: id, reason: "they stay" });
  await house.moveClock("8 days");
  await change(id, "state = 'waiting', cancelled_at = NULL, cancelled_by = NULL, generation = 2");
  await untouched(id);
  await house.moveClock("0");
});

test("the application's role alone destroys no keys whose time has not come, and moves no row where it may not go", async () => {
  const { id, agree } = await victim();
  await agree();
  const client = new pg.Client({ connectionString: house.database.url });
  await client.connect();
  const state = async (role: "keyfold_deployment" | "none", sql: string) => {
    await client.query(`BEGIN; SET LOCAL ROLE ${role}; SET LOCAL keyfold.tenant = '${id}'`);
    const refused = await client.query(sql).then(
      () => "done",
      (error: { code: string }) => error.code,
    );
    await client.query("ROLLBACK");
    return refused;
  };
  try {
    const [{ shred }] = (await house.sql<{ shred: string }>(
      "SELECT id AS shred FROM control_plane.tenant_shreds WHERE tenant_id = $1",
      [id],
    )) as [{ shred: string }];
    expect(
      await state("keyfold_deployment", `SELECT control_plane.shred_tenant_keys('${id}', '${shred}')`),
    ).toBe("KF403");
    expect(await state("keyfold_deployment", `SELECT control_plane.destroy_tenant_keys('${id}')`)).toBe(
      "42501",
    );
    expect(await state("keyfold_deployment", `SELECT control_plane.erase_sealed_values('${id}', 10)`)).toBe(
      "KF403",
    );
    for (const set of [
      "state = 'erasing', destroyed = '{}', destroyed_at = now()",
      "due_at = now()",
      "wait_seconds = 0",
      "state = 'requested', agreed_by = NULL, agreed_at = NULL, due_at = NULL",
      "slug = 'another'",
    ])
      expect(
        await state("none", `UPDATE control_plane.tenant_shreds SET ${set}, generation = generation + 1`),
        set,
      ).toMatch(/^(KF403|23514)$/);
    expect(await state("none", "DELETE FROM control_plane.tenant_shreds")).toBe("42501");
  } finally {
    await client.end();
  }
});
