import { genesisPoint, verifyChain } from "@keyfold/ledger";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { personOf } from "../testing/person.ts";
import { codeOf } from "../testing/refusal.ts";
import { until } from "../testing/until.ts";

let house: House;
let operator: Caller;
beforeAll(async () => {
  house = await openHouse();
  operator = house.as(house.operatorToken);
});
afterAll(() => house.close());

const TENANT_TABLES = [
  "projects",
  "environments",
  "secrets",
  "versions",
  "sealed_values",
  "tenant_keys",
  "key_wraps",
  "service_tokens",
  "idempotency_keys",
  "sessions",
  "tenant_messages",
  "consumers",
  "consumer_instances",
  "webhook_endpoints",
  "webhook_secrets",
  "webhook_deliveries",
  "webhook_health",
  "rotation_policies",
  "rotations",
  "memberships",
  "approvals",
  "tenant_roles",
];

test("a deleted tenant's slug is free at once, and the two are two", async () => {
  const first = await house.tenant("reborn");
  await first.caller.secrets.create({ name: "K", value: "the first's" });
  await operator.tenants.delete({ tenant: "reborn" });
  const second = await house.tenant("reborn");
  expect(second.id).not.toBe(first.id);
  expect(await codeOf(second.caller.secrets.reveal({ name: "K" }))).toBe("not_found");
  expect(await codeOf(first.caller.secrets.reveal({ name: "K" }))).toBe("unauthenticated");
  expect(await codeOf(operator.tenants.get({ tenant: first.id }))).toBe("not_found");
  expect(await codeOf(operator.tenants.create({ slug: "reborn" }))).toBe("name_taken");
});

test("only a deleted tenant is purged, and only by its own slug", async () => {
  const { id } = await house.tenant("kept");
  expect(await codeOf(operator.tenants.purge({ tenant: id, confirm: "kept" }))).toBe("illegal_state");
  await operator.tenants.delete({ tenant: id });
  expect(await codeOf(operator.tenants.purge({ tenant: id, confirm: "other" }))).toBe("bad_input");
  expect((await house.sql("SELECT 1 FROM control_plane.tenant_keys WHERE tenant_id = $1", [id])).length).toBe(
    2,
  );
});

test("purging leaves nothing of a tenant but its chain's leaves, which still prove what was there", async () => {
  const { id, caller } = await house.tenant("purged");
  const { id: secret } = await caller.secrets.create({
    name: "K",
    value: "x",
    idempotencyKey: "an-idempotency-key",
  });
  await caller.webhooks.create({ url: "https://hooks.example.com/" });
  await caller.secrets.rotate({ id: secret, value: "y" });
  const dispatcher = house.server.dispatchWebhooks()!;
  await house.transport.count(1);
  await until(
    async () =>
      (await house.sql("SELECT 1 FROM control_plane.webhook_health WHERE tenant_id = $1", [id])).length > 0,
  );
  await dispatcher.stop();
  await caller.secrets.reveal({ id: secret });
  await house.server.flush();
  await caller.tokens.create({ name: "t", preset: "reader" });
  await caller.roles.create({ name: "r", actions: ["secret.get"] });
  const owner = await personOf(house.server, id);
  await caller.members.add({ personId: owner.id, name: "P", grants: [{ role: "owner" }] });
  await owner.caller.approvals.request({ id: secret, kind: "change", reason: "r" });
  await caller.rotation.setPolicy({ id: secret, rotator: { kind: "uuid" } });
  await caller.rotation.runNow({ id: secret });
  for (const table of TENANT_TABLES.filter((t) => t !== "sessions"))
    expect(
      (await house.sql(`SELECT 1 FROM control_plane.${table} WHERE tenant_id = $1`, [id])).length,
      table,
    ).toBeGreaterThan(0);
  await operator.tenants.delete({ tenant: id });
  const purged = await operator.tenants.purge({ tenant: id, confirm: "purged" });

  for (const table of TENANT_TABLES)
    expect(await house.sql(`SELECT 1 FROM control_plane.${table} WHERE tenant_id = $1`, [id]), table).toEqual(
      [],
    );
  const [tombstone] = await house.sql("SELECT name, purged_at FROM control_plane.tenants WHERE id = $1", [
    id,
  ]);
  expect(tombstone).toMatchObject({ name: "purged", purged_at: expect.any(Date) });
  const batches = await house.sql<{ bodies: unknown; leaves: Buffer; number: string; hash: Buffer }>(
    "SELECT number, bodies, leaves, hash FROM control_plane.audit_batches WHERE chain_id = $1 ORDER BY number",
    [id],
  );
  expect(batches.every((b) => b.bodies === null && b.leaves.length > 0)).toBe(true);
  const last = batches.at(-1)!;
  expect(purged).toEqual({ id, lastBatch: Number(last.number), lastHash: last.hash.toString("hex") });
  expect((await house.verify()).get(id)).toBeGreaterThan(4);

  const { events } = await operator.audit.list({ deployment: true, action: "tenant.purged" });
  expect(events[0]).toMatchObject({
    target: { type: "tenant", id, name: "purged" },
    details: { lastBatch: purged.lastBatch, lastHash: purged.lastHash },
  });
  expect(await codeOf(operator.tenants.purge({ tenant: id, confirm: "purged" }))).toBe("not_found");
  expect((await operator.tenants.list({ deleted: true })).tenants.map((t) => t.id)).not.toContain(id);
});

test("what an operator had under way when a tenant was purged leaves nothing behind", async () => {
  const { id } = await house.tenant("under-way");
  const made = await house.whileChainIsHeld(
    id,
    () => codeOf(operator.projects.create({ tenant: id, name: "late" })),
    1,
    // As a purge by another process would have it, which holds this lock too.
    `SELECT control_plane.clock()`,
  );
  expect(await made).toBe("allowed");
  const late = await house.whileChainIsHeld(
    id,
    () => codeOf(operator.projects.create({ tenant: id, name: "later" })),
    1,
    `UPDATE control_plane.tenants SET deleted_at = now(), purged_at = now(), generation = generation + 1 WHERE id = '${id}'`,
  );
  expect(await late).toBe("not_found");
  expect(
    await house.sql("SELECT 1 FROM control_plane.projects WHERE tenant_id = $1 AND name = 'later'", [id]),
  ).toEqual([]);
});

test("an event that is on its way when a purge begins goes too, and is the last that the deployment wrote down", async () => {
  const { id } = await house.tenant("on-its-way");
  await operator.tenants.delete({ tenant: id });
  const [purging] = await house.whileChainIsHeld(
    id,
    () => [operator.tenants.purge({ tenant: id, confirm: "on-its-way" })],
    1,
    `SELECT control_plane.append_events('${id}', gen_random_uuid(), 1, sha256('late'), sha256('late'), '\\x00000001ff')`,
  );
  const { lastBatch } = await purging!;
  const rows = await house.sql<{ number: string; bodies: Buffer | null }>(
    "SELECT number, bodies FROM control_plane.audit_batches WHERE chain_id = $1 ORDER BY number DESC",
    [id],
  );
  expect(Number(rows[0]!.number)).toBe(lastBatch);
  expect(rows.every((row) => row.bodies === null)).toBe(true);
  await house.verify();
});

test("an operator whose token ends while a purge of theirs is under way purges nothing", async () => {
  const { id } = await house.tenant("ended");
  await operator.tenants.delete({ tenant: id });
  const ending = house.as(await house.server.createOperatorToken("ending"));
  const outcomes = await house.whileChainIsHeld(
    house.server.deployment.id,
    () => [
      codeOf(ending.tenants.purge({ tenant: id, confirm: "ended" })),
      codeOf(ending.tenants.create({ slug: "too-late" })),
      codeOf(ending.audit.list({ deployment: true })),
    ],
    3,
    "UPDATE control_plane.operator_tokens SET revoked_at = now(), generation = generation + 1 WHERE name = 'ending'",
  );
  expect(await Promise.all(outcomes)).toEqual(["unauthenticated", "unauthenticated", "unauthenticated"]);
  expect((await house.sql("SELECT 1 FROM control_plane.tenant_keys WHERE tenant_id = $1", [id])).length).toBe(
    2,
  );
  expect(await codeOf(operator.tenants.get({ tenant: "too-late" }))).toBe("not_found");
});

test("a refusal that comes after the purge is not written into the purged chain", async () => {
  const { id, caller } = await house.tenant("refused-late");
  const { token } = await caller.tokens.create({ name: "t", preset: "reader" });
  const refused = await house.whileChainIsHeld(
    id,
    () => codeOf(house.as(token).secrets.delete({ name: "K" })),
    1,
    `UPDATE control_plane.tenants SET deleted_at = now(), purged_at = now(), generation = generation + 1 WHERE id = '${id}'`,
  );
  expect(await refused).toBe("forbidden");
  const [{ bodies }] = (await house.sql(
    "SELECT count(*) FILTER (WHERE position('denied'::bytea in bodies) > 0)::int AS bodies FROM control_plane.audit_batches WHERE chain_id = $1",
    [id],
  )) as [{ bodies: number }];
  expect(bodies).toBe(0);
});

test("a purge cannot be taken for a cut: the chain's last batch is the one that the deployment wrote down", async () => {
  const { id } = await house.tenant("cut");
  await operator.tenants.delete({ tenant: id });
  const { lastBatch, lastHash } = await operator.tenants.purge({ tenant: id, confirm: "cut" });
  const cut = verifyChain(
    [],
    { deployment: house.server.deployment.id, chain: id },
    {
      ...genesisPoint(house.server.deployment.id, id),
      number: lastBatch,
      seq: lastBatch,
      hash: Buffer.from(lastHash, "hex"),
    },
  );
  expect(cut).toMatchObject({ ok: false, problem: "cut_off" });
});
