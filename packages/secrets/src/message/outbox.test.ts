import { afterAll, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

interface Stored {
  batch: string;
  item: number;
  batch_id: string;
  kind: string;
  secret_id: string;
  project_id: string;
  environment_id: string;
  name: string;
  data: Record<string, unknown>;
  created_at: Date;
}
const messagesOf = (tenant: string) =>
  house.sql<Stored>("SELECT * FROM control_plane.tenant_messages WHERE tenant_id = $1 ORDER BY batch, item", [
    tenant,
  ]);
const told = async (tenant: string) =>
  (await messagesOf(tenant)).map(({ kind, name, data }) => [kind, name, data]);

test("every change of a secret tells the tenant's consumers of it, in order, in references and never a value", async () => {
  const { id: tenant, caller } = await house.tenant("told");
  const value = "sk_test_not_a_real_key";
  const { secret } = await caller.secrets.set({ name: "K", value: `${value}1` });
  await caller.secrets.set({ name: "K", value: `${value}1` }); // the same: nothing happened
  await caller.secrets.rotate({ id: secret.id, value: `${value}2`, graceSeconds: 60, reason: value });
  await caller.secrets.rollBack({ id: secret.id, to: 1 });
  await caller.secrets.update({ id: secret.id, description: value });
  await caller.secrets.update({ id: secret.id, rename: "L" });
  await caller.versions.revoke({ id: secret.id, version: 2, reason: "r" });
  await caller.versions.destroy({ id: secret.id, version: 3, reason: "r" });
  await caller.secrets.delete({ id: secret.id });
  await caller.secrets.restore({ id: secret.id, name: "M" });
  const moment = expect.stringMatching(/^\d{4}-.*Z$/);
  expect(await told(tenant)).toEqual([
    ["secret.created", "K", { new_version: 1 }],
    ["secret.rotated", "K", { new_version: 2, rotated_from: 1, open_until: moment }],
    ["secret.rotated", "K", { new_version: 3, rotated_from: 2, open_until: moment }],
    ["secret.renamed", "L", { renamed_from: "K" }],
    ["version.revoked", "L", { version: 2, was_current: false }],
    ["version.destroyed", "L", { version: 3, was_current: true }],
    ["secret.deleted", "L", { purge_after: moment }],
    ["secret.restored", "M", { version: null, renamed_from: "L" }],
  ]);
  const rows = await messagesOf(tenant);
  for (const row of rows)
    expect(row).toMatchObject({
      secret_id: secret.id,
      project_id: secret.project.id,
      environment_id: secret.environment.id,
    });
  expect(JSON.stringify(rows)).not.toContain(value);
});

test("a bulk call's messages stand in one batch, each in its place", async () => {
  const { id: tenant, caller } = await house.tenant("bulk");
  await caller.secrets.setMany({ items: ["C", "A", "B"].map((name) => ({ name, value: "v" })) });
  const rows = await messagesOf(tenant);
  expect(rows.map(({ item, name }) => [item, name])).toEqual([
    [1, "A"],
    [2, "B"],
    [3, "C"],
  ]);
  expect(new Set(rows.map((row) => row.batch)).size).toBe(1);
});

test("a message commits with its change or not at all", async () => {
  const { id: tenant, caller, token } = await house.tenant("undone");
  await caller.secrets.create({ name: "K", value: "v" });
  const before = await told(tenant);
  expect(await codeOf(caller.secrets.create({ name: "K", value: "w" }))).toBe("name_taken");
  expect(await codeOf(caller.secrets.set({ name: "K", value: "w", expectedVersion: 7 }))).toBe(
    "version_mismatch",
  );
  // The token ends while the change waits for the chain: its events are not appended, and nothing else is there.
  const { id } = (await caller.identity.get()) as { id: string };
  const refused = await house.whileChainIsHeld(
    tenant,
    () => codeOf(house.as(token).secrets.set({ name: "K", value: "w" })),
    1,
    `UPDATE control_plane.service_tokens SET revoked_at = now(), generation = generation + 1 WHERE id = '${id}'`,
  );
  expect(await refused).toBe("unauthenticated");
  expect(await told(tenant)).toEqual(before);
});

test("messages stand in the order in which their changes committed, whoever began first", async () => {
  const { id: tenant, caller } = await house.tenant("ordered");
  await caller.secrets.setMany({ items: ["A", "B", "C"].map((name) => ({ name, value: "v" })) });
  // By a token each: what one sets at once shares its transactions.
  const writers = await Promise.all(
    ["B", "A", "C"].map(async (name) => {
      const { token } = await caller.tokens.create({ name, preset: "admin" });
      return { name, caller: house.as(token) };
    }),
  );
  await house.inLine(
    tenant,
    writers.map(
      ({ name, caller: by }) =>
        () =>
          by.secrets.set({ name, value: "w" }),
    ),
  );
  expect((await messagesOf(tenant)).slice(3).map((row) => row.name)).toEqual(["B", "A", "C"]);
});

test("a message is read by its own tenant only, and changed or deleted by nobody who serves requests", async () => {
  const { id: tenant, caller } = await house.tenant("walled");
  await caller.secrets.create({ name: "K", value: "v" });
  const client = await house.db.pool.connect();
  const asTenant = async (id: string, sql: string) => {
    await client.query(`BEGIN; SELECT set_config('keyfold.tenant', '${id}', true)`);
    try {
      return (await client.query(sql)).rows.length;
    } catch (error) {
      return (error as { code: string }).code;
    } finally {
      await client.query("ROLLBACK");
    }
  };
  try {
    const all = "SELECT 1 FROM control_plane.tenant_messages";
    expect(await asTenant(tenant, all)).toBe(1);
    expect(await asTenant("00000000-0000-4000-8000-000000000000", all)).toBe(0);
    expect(await asTenant(tenant, "UPDATE control_plane.tenant_messages SET kind = 'a.b'")).toBe("42501");
    expect(await asTenant(tenant, "DELETE FROM control_plane.tenant_messages")).toBe("42501");
    expect(await asTenant(tenant, "SELECT control_plane.sweep_messages('0', 10)")).toBe("42501");
  } finally {
    client.release();
  }
});

test("messages are kept for thirty days, by the database's clock", async () => {
  const { id: tenant, caller } = await house.tenant("swept");
  await caller.secrets.create({ name: "K", value: "v" });
  const sweep = () => house.server.jobs.find(({ name }) => name === "messages.clean")!.run();
  try {
    await house.moveClock("29 days 23 hours");
    await sweep();
    expect(await told(tenant)).toHaveLength(1);
    await house.moveClock("30 days 1 hour");
    await sweep();
    expect(await told(tenant)).toEqual([]);
  } finally {
    await house.moveClock("0");
  }
});

test("a purged tenant's messages go with it", async () => {
  const { id: tenant, caller } = await house.tenant("gone");
  await caller.secrets.create({ name: "K", value: "v" });
  const operator = house.as(house.operatorToken);
  await operator.tenants.delete({ tenant });
  expect(await told(tenant)).toHaveLength(1);
  await operator.tenants.purge({ tenant, confirm: "gone" });
  expect(await told(tenant)).toEqual([]);
});
