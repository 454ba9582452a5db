import { randomUUID } from "node:crypto";
import { decodeBodies, decodeEvent } from "@keyfold/ledger";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { personOf } from "../testing/person.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
let operator: Caller;
beforeAll(async () => {
  house = await openHouse({
    upstreams: [{ name: "old", serves: ({ tenant }) => tenant.slug === "acme", read: async () => null }],
  });
  operator = house.as(house.operatorToken);
});
afterAll(async () => {
  // Whatever was done, every chain verifies.
  await house.verify().finally(() => house.close());
});

/** A chain's events as they are stored, oldest first. */
async function eventsOf(chain: string) {
  const rows = await house.sql<{ bodies: Buffer }>(
    "SELECT bodies FROM control_plane.audit_batches WHERE chain_id = $1 AND bodies IS NOT NULL ORDER BY number",
    [chain],
  );
  return rows.flatMap((row) => decodeBodies(row.bodies).map(decodeEvent));
}

/** What a call adds to a chain: action, outcome and target. */
async function added(chain: string, call: () => Promise<unknown>) {
  const before = (await eventsOf(chain)).length;
  await codeOf(call());
  return (await eventsOf(chain))
    .slice(before)
    .map((e) => [e.action, e.outcome, e.target?.id ?? null, e.target?.version ?? null]);
}

test("every verb's success leaves exactly its event in the tenant's chain", async () => {
  const { id, caller } = await house.tenant("acme");
  const value = "not a real value";
  let secret = "";
  const done = new Set<string>();
  /** Each line: the verb, the call, and the events it must leave. */
  const expectEvents = async (verb: string, call: () => Promise<unknown>, ...events: unknown[][]) => {
    done.add(verb);
    const got = await added(id, call);
    expect(got, verb).toEqual(
      events.map(([action, target = null, version = null]) => [action, "success", target, version]),
    );
  };
  await expectEvents("identity.get", () => caller.identity.get());
  await expectEvents("access.explain", () => caller.access.explain({ action: "secret.get" }), [
    "access.explained",
  ]);
  const created = await caller.secrets.create({ name: "K", value });
  secret = created.id;
  done.add("secrets.create");
  expect((await eventsOf(id)).at(-1)).toMatchObject({
    action: "secret.created",
    target: { id: secret, version: 1 },
  });
  await expectEvents("secrets.get", () => caller.secrets.get({ id: secret }), ["secret.read", secret]);
  await expectEvents("secrets.list", () => caller.secrets.list({}), ["secret.listed"]);
  await expectEvents("secrets.matrix", () => caller.secrets.matrix({}), ["secret.listed"]);
  await expectEvents("secrets.set", () => caller.secrets.set({ name: "K", value: "2" }), [
    "secret.rotated",
    secret,
    2,
  ]);
  await expectEvents("secrets.set", () => caller.secrets.set({ name: "K", value: "2" }), [
    "secret.unchanged",
    secret,
    2,
  ]);
  await expectEvents("secrets.check", () => caller.secrets.check({ items: [{ name: "K", value: "2" }] }), [
    "secret.compared",
  ]);
  await caller.secrets.create({ environment: "staging", name: "GONE", value: "1" });
  done.add("secrets.save");
  await caller.secrets.save({
    environment: "staging",
    set: [{ name: "NEW", value: "1" }],
    remove: [{ name: "GONE" }],
    reason: "both",
  });
  expect((await eventsOf(id)).slice(-2)).toMatchObject([
    { action: "secret.deleted", target: { name: "GONE" }, reason: "both" },
    { action: "secret.created", target: { name: "NEW", version: 1 }, reason: "both" },
  ]);
  done.add("secrets.promote");
  await caller.secrets.promote({ from: "dev", to: "prod", items: [{ name: "K" }] });
  expect((await eventsOf(id)).slice(-2)).toMatchObject([
    { action: "secret.accessed", target: { id: secret, version: 2 } },
    { action: "secret.created", target: { name: "K", version: 1 } },
  ]);
  await expectEvents(
    "secrets.setMany",
    () => caller.secrets.setMany({ items: [{ name: "K", value: "3" }] }),
    ["secret.rotated", secret, 3],
  );
  await expectEvents("secrets.rotate", () => caller.secrets.rotate({ id: secret, value: "4" }), [
    "secret.rotated",
    secret,
    4,
  ]);
  await expectEvents("secrets.rollBack", () => caller.secrets.rollBack({ id: secret, to: 1 }), [
    "secret.rolled_back",
    secret,
    5,
  ]);
  await expectEvents("secrets.update", () => caller.secrets.update({ id: secret, description: "d" }), [
    "secret.updated",
    secret,
  ]);
  await expectEvents("secrets.reveal", () => caller.secrets.reveal({ id: secret }), [
    "secret.accessed",
    secret,
    5,
  ]);
  await expectEvents("secrets.reveal", () => caller.secrets.reveal({ id: secret }), [
    "secret.accessed",
    secret,
    5,
  ]);
  await expectEvents("secrets.revealMany", () => caller.secrets.revealMany({ names: ["K"] }), [
    "secret.accessed",
    secret,
    5,
  ]);
  await expectEvents("secrets.compare", () => caller.secrets.compare({}), ["secret.compared", secret, 5]);
  await expectEvents("versions.list", () => caller.versions.list({ id: secret }), ["version.listed", secret]);
  await expectEvents("versions.reveal", () => caller.versions.reveal({ id: secret, version: 2 }), [
    "secret.accessed",
    secret,
    2,
  ]);
  await expectEvents(
    "versions.revoke",
    () => caller.versions.revoke({ id: secret, version: 1, reason: "r" }),
    ["version.revoked", secret, 1],
  );
  await expectEvents(
    "versions.destroy",
    () => caller.versions.destroy({ id: secret, version: 1, reason: "r" }),
    ["version.destroyed", secret, 1],
  );
  await expectEvents(
    "versions.extendGrace",
    () => caller.versions.extendGrace({ id: secret, version: 2, seconds: 600_000, reason: "r" }),
    ["version.grace_extended", secret, 2],
  );
  await expectEvents(
    "versions.endGrace",
    () => caller.versions.endGrace({ id: secret, version: 2, reason: "r" }),
    ["version.grace_ended", secret, 2],
  );
  await expectEvents("versions.prepare", () => caller.versions.prepare({ id: secret, value: "6" }), [
    "version.prepared",
    secret,
    6,
  ]);
  await expectEvents("versions.markSet", () => caller.versions.markSet({ id: secret, version: 6 }), [
    "version.set_at_target",
    secret,
    6,
  ]);
  await expectEvents("versions.finish", () => caller.versions.finish({ id: secret, version: 6 }), [
    "secret.rotated",
    secret,
    6,
  ]);
  await caller.versions.prepare({ id: secret, value: "7" });
  await expectEvents(
    "versions.abandon",
    () => caller.versions.abandon({ id: secret, version: 7, reason: "r" }),
    ["version.abandoned", secret, 7],
  );
  // Nothing to keep is nothing that goes; one kept version too many goes with an event of its own.
  await caller.secrets.update({ id: secret, keepVersions: 1 });
  await caller.versions.endGrace({ id: secret, version: 3, reason: "r" });
  await expectEvents(
    "secrets.update",
    () => caller.secrets.update({ id: secret, keepVersions: 0 }),
    ["version.destroyed", secret, 3],
    ["secret.updated", secret],
  );
  const rotating = { id: secret };
  const uuid = { kind: "uuid" };
  await expectEvents("rotation.setPolicy", () => caller.rotation.setPolicy({ ...rotating, rotator: uuid }), [
    "rotation.policy_set",
    secret,
  ]);
  await expectEvents("rotation.getPolicy", () => caller.rotation.getPolicy(rotating), [
    "rotation.policy_read",
    secret,
  ]);
  await expectEvents("rotation.due", () => caller.rotation.due({}), ["rotation.due_listed"]);
  await expectEvents("rotation.rotators", () => caller.rotation.rotators({}));
  await expectEvents("rotation.runNow", () => caller.rotation.runNow(rotating), [
    "secret.rotated",
    secret,
    8,
  ]);
  await expectEvents("rotation.status", () => caller.rotation.status(rotating), ["rotation.read", secret, 8]);
  await caller.rotation.setPolicy({ ...rotating, rotator: { kind: "jwt-signing-keys" } });
  // It reads the current value, which it cannot go on from.
  expect(await added(id, () => caller.rotation.runNow(rotating))).toEqual([
    ["secret.accessed", "success", secret, 8],
    ["rotation.failed", "error", secret, null],
  ]);
  await expectEvents("rotation.retry", () => caller.rotation.retry({ ...rotating, reason: "r" }), [
    "rotation.retried",
    secret,
  ]);
  await expectEvents("rotation.abandon", () => caller.rotation.abandon({ ...rotating, reason: "r" }), [
    "rotation.abandoned",
    secret,
  ]);
  await expectEvents("rotation.removePolicy", () => caller.rotation.removePolicy(rotating), [
    "rotation.policy_removed",
    secret,
  ]);
  await expectEvents("secrets.delete", () => caller.secrets.delete({ id: secret }), [
    "secret.deleted",
    secret,
    8,
  ]);
  const ended = await caller.secrets.create({ name: "ENDED", value });
  await house.moveClock("-25 hours");
  await caller.secrets.delete({ id: ended.id });
  await house.moveClock("0");
  await expectEvents(
    "secrets.purge",
    () => caller.secrets.purge({ id: ended.id, confirm: "ENDED", reason: "r" }),
    ["secret.purged", ended.id],
  );
  await expectEvents("secrets.restore", () => caller.secrets.restore({ id: secret }), [
    "secret.restored",
    secret,
    8,
  ]);

  await expectEvents(
    "consumers.declare",
    () => caller.consumers.declare({ id: secret, consumer: "billing", kind: "worker" }),
    ["consumer.declared", secret],
  );
  await expectEvents("consumers.list", () => caller.consumers.list({ id: secret }), [
    "consumer.listed",
    secret,
  ]);
  await expectEvents("secrets.blastRadius", () => caller.secrets.blastRadius({ id: secret }), [
    "secret.blast_radius_read",
    secret,
  ]);
  const ack = () => caller.consumers.ack({ id: secret, version: 6, instance: "i-1" });
  await expectEvents("consumers.ack", ack, ["consumer.acknowledged", secret, 6]);
  await expectEvents("consumers.ack", ack); // the same again only lengthens a lease
  await expectEvents("consumers.remove", () => caller.consumers.remove({ id: secret, consumer: "billing" }), [
    "consumer.removed",
    secret,
  ]);
  const boss = await personOf(house.server, id);
  const personId = boss.id;
  const grants = [{ role: "owner" }];
  await expectEvents("members.add", () => caller.members.add({ personId, name: "P", grants }), [
    "member.added",
    personId,
  ]);
  const second = randomUUID();
  await caller.members.add({ personId: second, name: "Q", grants: [{ role: "viewer" }] });
  await expectEvents("members.list", () => caller.members.list({}), ["member.listed"]);
  await expectEvents("members.get", () => caller.members.get({ personId: second }), ["member.read", second]);
  await expectEvents("members.change", () => caller.members.change({ personId: second, name: "R" }), [
    "member.changed",
    second,
  ]);
  await expectEvents("members.remove", () => caller.members.remove({ personId: second }), [
    "member.removed",
    second,
  ]);
  const invite = () =>
    caller.invitations.create({ email: "guest@example.com", grants: [{ role: "viewer" }] });
  const { invitation } = await invite();
  done.add("invitations.create");
  expect((await eventsOf(id)).at(-1)).toMatchObject({
    action: "member.invited",
    target: { id: invitation.id },
  });
  await expectEvents("invitations.list", () => caller.invitations.list({}), ["member.invitations_listed"]);
  await expectEvents("invitations.cancel", () => caller.invitations.cancel({ id: invitation.id }), [
    "member.invitation_cancelled",
    invitation.id,
  ]);
  const asksFor = await caller.links.request({ name: "K" });
  done.add("links.request");
  expect((await eventsOf(id)).at(-1)).toMatchObject({
    action: "link.requested",
    target: { id: asksFor.link.id },
  });
  const shared = await caller.links.share({ id: secret });
  done.add("links.share");
  expect((await eventsOf(id)).slice(-2)).toMatchObject([
    { action: "secret.accessed", target: { id: secret } },
    { action: "link.shared", target: { id: shared.link.id } },
  ]);
  await expectEvents("links.list", () => caller.links.list({}), ["link.listed"]);
  await expectEvents("links.revoke", () => caller.links.revoke({ id: shared.link.id }), [
    "link.revoked",
    shared.link.id,
  ]);
  const policy = { services: ["somebody"] };
  await expectEvents(
    "secrets.setAccessPolicy",
    () => caller.secrets.setAccessPolicy({ id: secret, policy }),
    ["secret.access_policy_set", secret],
  );
  await caller.secrets.setAccessPolicy({ id: secret, policy: null });
  const asker = await personOf(house.server, id);
  await caller.members.add({ personId: asker.id, name: "A", grants: [{ role: "admin" }] });
  const asked = await asker.caller.approvals.request({ id: secret, kind: "change", reason: "r" });
  done.add("approvals.request");
  expect((await eventsOf(id)).at(-1)).toMatchObject({
    action: "approval.requested",
    target: { id: asked.id },
  });
  const owner = await personOf(house.server, id);
  await caller.members.add({ personId: owner.id, name: "O", grants: [{ role: "admin" }] });
  await expectEvents("approvals.list", () => caller.approvals.list({}), ["approval.listed"]);
  await expectEvents(
    "approvals.decide",
    () => owner.caller.approvals.decide({ id: asked.id, approve: true }),
    ["approval.approved", asked.id],
  );
  await expectEvents(
    "approvals.breakGlass",
    () => boss.caller.approvals.breakGlass({ id: secret, reason: "r" }),
    ["secret.glass_broken", secret],
  );
  const role = await caller.roles.create({ name: "r", actions: ["secret.get"] });
  done.add("roles.create");
  expect((await eventsOf(id)).at(-1)).toMatchObject({
    action: "role.created",
    target: { type: "role", id: role.id },
  });
  await expectEvents("roles.list", () => caller.roles.list({}), ["role.listed"]);
  await expectEvents("roles.change", () => caller.roles.change({ id: role.id, summary: "s" }), [
    "role.changed",
    role.id,
  ]);
  await expectEvents("roles.delete", () => caller.roles.delete({ id: role.id }), ["role.deleted", role.id]);

  const { endpoint } = await caller.webhooks.create({ url: "https://hooks.example.com/" });
  done.add("webhooks.create");
  expect((await eventsOf(id)).at(-1)).toMatchObject({
    action: "webhook.created",
    target: { type: "webhook", id: endpoint.id },
    details: { host: "hooks.example.com" },
  });
  const hook = { id: endpoint.id };
  await expectEvents("webhooks.list", () => caller.webhooks.list({}), ["webhook.listed"]);
  await expectEvents("webhooks.update", () => caller.webhooks.update(hook), ["webhook.updated", hook.id]);
  await expectEvents("webhooks.rotateSecret", () => caller.webhooks.rotateSecret(hook), [
    "webhook.secret_rotated",
    hook.id,
    2,
  ]);
  await expectEvents("webhooks.test", () => caller.webhooks.test(hook), ["webhook.tested", hook.id]);
  await expectEvents("webhooks.deliveries", () => caller.webhooks.deliveries(hook), [
    "webhook.deliveries_listed",
    hook.id,
  ]);
  await expectEvents(
    "webhooks.replay",
    () => caller.webhooks.replay({ ...hook, since: "2026-01-01T00:00:00.000Z" }),
    ["webhook.replayed", hook.id],
  );
  await expectEvents("webhooks.delete", () => caller.webhooks.delete(hook), ["webhook.deleted", hook.id]);

  const project = await caller.projects.create({ name: "shop" });
  const environment = await caller.environments.create({ project: "shop", name: "qa" });
  const token = await caller.tokens.create({ name: "t" });
  done.add("projects.create").add("environments.create").add("tokens.create");
  expect((await eventsOf(id)).slice(-3).map((e) => [e.action, e.target?.id])).toEqual([
    ["project.created", project.id],
    ["environment.created", environment.id],
    ["token.created", token.details.id],
  ]);
  await expectEvents("projects.list", () => caller.projects.list({}), ["project.listed"]);
  await expectEvents("environments.list", () => caller.environments.list({}), ["environment.listed"]);
  await expectEvents("tokens.list", () => caller.tokens.list({}), ["token.listed"]);
  await expectEvents(
    "environments.protect",
    () => caller.environments.protect({ environment: environment.id, protection: null }),
    ["environment.protected", environment.id],
  );
  await expectEvents(
    "environments.rename",
    () => caller.environments.rename({ environment: environment.id, name: "q" }),
    ["environment.renamed", environment.id],
  );
  await expectEvents(
    "environments.delete",
    () => caller.environments.delete({ environment: environment.id }),
    ["environment.deleted", environment.id],
  );
  await expectEvents("projects.rename", () => caller.projects.rename({ project: "shop", name: "store" }), [
    "project.renamed",
    project.id,
  ]);
  await expectEvents("projects.delete", () => caller.projects.delete({ project: "store" }), [
    "project.deleted",
    project.id,
  ]);
  const rule = await caller.federation.create({
    name: "ci",
    issuer: "https://issuer.example.com",
    audience: "keyfold",
    claims: { sub: "repo:acme/app" },
  });
  done.add("federation.create");
  expect((await eventsOf(id)).at(-1)).toMatchObject({
    action: "federation.rule_created",
    target: { id: rule.id },
  });
  await expectEvents("federation.list", () => caller.federation.list({}), ["federation.rules_listed"]);
  await expectEvents("federation.delete", () => caller.federation.delete({ id: rule.id }), [
    "federation.rule_deleted",
    rule.id,
  ]);
  const old = (await caller.tokens.create({ name: "old" })).details.id;
  const rotated = await caller.tokens.rotate({ id: old });
  done.add("tokens.rotate");
  expect((await eventsOf(id)).at(-1)).toMatchObject({
    action: "token.rotated",
    target: { id: rotated.details.id },
    details: { replaces: old },
  });
  await expectEvents("tokens.revoke", () => caller.tokens.revoke({ id: token.details.id }), [
    "token.revoked",
    token.details.id,
  ]);
  await expectEvents("audit.list", () => caller.audit.list({}), ["audit.read", id]);
  const since = new Date(Date.now() - 3_600_000).toISOString();
  await expectEvents("audit.counts", () => caller.audit.counts({ since }), ["audit.counted", id]);
  await expectEvents("audit.export", () => caller.audit.export({}), ["audit.exported", id]);
  await house.server.makeCheckpoint();
  const checkpoint = (await caller.audit.export({})).lines[1]!;
  await expectEvents("audit.prune", () => caller.audit.prune({ checkpoint }), ["audit.pruned", id]);
  await expectEvents("audit.checkpoint", () => caller.audit.checkpoint({}), ["audit.checkpoint_read", id]);
  await expectEvents("tenants.configure", () => caller.tenants.configure({ graceSeconds: 60 }), [
    "tenant.configured",
    id,
  ]);
  await expectEvents("tenants.get", () => caller.tenants.get({}), ["tenant.read", id]);
  await expectEvents("tenants.rename", () => operator.tenants.rename({ tenant: id, name: "A" }), [
    "tenant.renamed",
    id,
  ]);
  const shred = { tenant: id, confirm: "acme" };
  await expectEvents("shreds.request", () => operator.shreds.request({ ...shred, reason: "r" }), [
    "tenant.shred_requested",
    id,
  ]);
  await expectEvents("shreds.status", () => caller.shreds.status({}), ["tenant.shred_read", id]);
  await expectEvents("shreds.agree", () => caller.shreds.agree({ confirm: "acme" }), [
    "tenant.shred_agreed",
    id,
  ]);
  await expectEvents("shreds.cancel", () => caller.shreds.cancel({ reason: "r" }), [
    "tenant.shred_cancelled",
    id,
  ]);
  await operator.shreds.request({ ...shred, reason: "r" });
  await caller.shreds.agree({ confirm: "acme" });
  await house.moveClock("8 days");
  await expectEvents(
    "shreds.run",
    () => operator.shreds.run({}),
    ["tenant.keys_destroyed", id],
    ["tenant.shredded", id],
  );
  done.add("tenants.delete");
  const { id: spare } = await operator.tenants.create({ slug: "spare" });
  expect(await added(spare, () => operator.tenants.delete({ tenant: spare }))).toEqual([
    ["tenant.deleted", "success", spare, null],
  ]);

  const deployment = house.server.deployment.id;
  const told = (call: () => Promise<unknown>) => added(deployment, call);
  expect(await told(() => operator.tenants.list({}))).toEqual([["tenant.listed", "success", null, null]]);
  expect(await told(() => operator.tenants.fleet({ names: ["K"] }))).toEqual([
    ["tenant.fleet_read", "success", null, null],
  ]);
  expect(await told(() => operator.deployment.status({}))).toEqual([
    ["deployment.status_read", "success", null, null],
  ]);
  expect(await told(() => operator.shreds.receipt({ tenant: id }))).toEqual([
    ["tenant.shred_receipt_read", "success", id, null],
  ]);
  expect(await told(() => operator.shreds.run({}))).toEqual([["tenant.shreds_run", "success", null, null]]);
  done.add("shreds.receipt");
  expect(await told(() => operator.tenants.purge({ tenant: id, confirm: "acme" }))).toEqual([
    ["tenant.purged", "success", id, null],
  ]);
  await house.moveClock("0");
  const [made] = await told(() => operator.tenants.create({ slug: "told" }));
  expect(made).toEqual(["tenant.created", "success", expect.any(String), null]);
  expect(await told(() => operator.rotation.overview({}))).toEqual([
    ["rotation.counted", "success", null, null],
  ]);
  done.add("rotation.overview");
  done.add("tenants.fleet").add("deployment.status");
  done.add("tenants.list").add("tenants.purge").add("tenants.create");

  const { current } = await operator.keys.status({});
  expect(await told(() => operator.keys.status({}))).toEqual([["key.listed", "success", null, null]]);
  for (const [name, job] of [
    ["rotate", "rotation"],
    ["verify", "verification"],
  ] as const)
    expect(await told(() => operator.keys[name]({}))).toEqual([
      [`key.${job}_started`, "success", current, null],
      [`key.${job}_finished`, "success", current, null],
    ]);
  const opener = "local:0000000000000000";
  expect(await told(() => operator.keys.retire({ opener }))).toEqual([
    ["key.retired", "not_found", null, null],
  ]);
  for (const [name, job] of [
    ["rotateTenant", "tenant_rotation"],
    ["reEncrypt", "re_encryption"],
  ] as const)
    expect(await told(() => operator.keys[name]({}))).toEqual([
      [`key.${job}_started`, "success", null, null],
      [`key.${job}_finished`, "success", null, null],
    ]);
  expect(await told(() => operator.keys.removeOpener({ opener }))).toEqual([
    ["key.opener_removal", "not_found", null, null],
  ]);
  expect(await told(() => operator.keys.exposed({ job: id }))).toEqual([
    ["key.exposed_listed", "not_found", null, null],
  ]);
  for (const name of Object.keys(verbs.keys)) done.add(`keys.${name}`);
  const all = Object.entries(verbs).flatMap(([noun, of]) => Object.keys(of).map((name) => `${noun}.${name}`));
  expect([...done].sort()).toEqual(all.sort());
});

test("what was undone left no event of success", async () => {
  const { id, caller } = await house.tenant("undone");
  await caller.secrets.create({ name: "K", value: "x" });
  for (const call of [
    () => caller.secrets.create({ name: "K", value: "y" }),
    () => caller.secrets.set({ name: "K", value: "y", expectedVersion: 9 }),
    () =>
      caller.secrets.setMany({
        items: [
          { name: "NEW", value: "y" },
          { name: "K", value: "y", expectedVersion: 9 },
        ],
      }),
    () => caller.projects.delete({ project: "default" }),
  ])
    expect(await added(id, call)).toEqual([]);
});

test("refusals of known actors are told in their own tenant's chain, with what they asked for", async () => {
  const { id, caller } = await house.tenant("refusals");
  const other = await house.tenant("refusals-other");
  const reader = house.as((await caller.tokens.create({ name: "reader", preset: "reader" })).token);
  const { id: secret } = await caller.secrets.create({ name: "K", value: "x" });
  const { id: foreign } = await other.caller.secrets.create({ name: "K", value: "x" });
  await caller.secrets.rotate({ id: secret, value: "y", graceSeconds: 0 });
  expect(await added(id, () => reader.secrets.delete({ id: secret }))).toEqual([
    ["secret.deleted", "denied", secret, null],
  ]);
  expect(await added(id, () => reader.secrets.reveal({ id: foreign }))).toEqual([
    ["secret.accessed", "not_found", foreign, null],
  ]);
  expect(await added(id, () => reader.versions.reveal({ id: secret, version: 1 }))).toEqual([
    ["secret.accessed", "denied", secret, 1],
  ]);
  await codeOf(reader.secrets.reveal({ name: "NONE" }));
  expect((await eventsOf(id)).at(-1)).toMatchObject({
    outcome: "not_found",
    target: { type: "secret", id: null, name: "NONE" },
    details: { code: "not_found" },
  });
  // Whose secret it was hears nothing of it.
  expect((await eventsOf(other.id)).filter((e) => e.outcome !== "success")).toEqual([]);
  expect(
    await added(house.server.deployment.id, () => operator.secrets.reveal({ tenant: id, id: secret })),
  ).toEqual([["secret.accessed", "denied", secret, null]]);
  expect(await added(id, () => house.as("kf_nobody").secrets.list({}))).toEqual([]);
});

test("an event holds who, how, from where and under which correlation id, and never a value", async () => {
  const { id, token } = await house.tenant("facts");
  const request = requestInfo({
    token,
    ip: "192.0.2.7",
    userAgent: "a browser/1.0 \ud800",
    correlationId: "correlation-1",
  });
  await house.server.invoke(verbs.secrets.create, request, {
    name: "K",
    value: "sk_test_canary",
    reason: "because",
  });
  const event = (await eventsOf(id)).at(-1)!;
  expect(event).toMatchObject({
    action: "secret.created",
    actor: { type: "service_token", name: "first", via: "token" },
    tenant: id,
    ip: "192.0.2.7",
    correlationId: "correlation-1",
    reason: "because",
  });
  expect(event.userAgent).toContain("a browser/1.0");
  expect(JSON.stringify(event)).not.toContain("sk_test_canary");
});

test("the list filters by action, noun, outcome, actor, target and time, in pages, newest first", async () => {
  const { caller } = await house.tenant("filters");
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push((await caller.secrets.create({ name: `K${i}`, value: "x" })).id);
  await codeOf(caller.secrets.reveal({ name: "NONE" }));
  const actions = async (input: object) =>
    (await caller.audit.list({ limit: 500, ...input })).events.map((e) => e.action);
  expect(new Set(await actions({ action: "secret.created" }))).toEqual(new Set(["secret.created"]));
  expect((await actions({ action: "secret" })).length).toBe(6);
  expect(await actions({ action: "secre" })).toEqual([]);
  expect(await actions({ outcome: "not_found" })).toEqual(["secret.accessed"]);
  expect(await actions({ target: ids[0] })).toEqual(["secret.created"]);
  expect(await actions({ until: "2020-01-01T00:00:00.000Z" })).toEqual([]);
  expect((await actions({ since: "2020-01-01T00:00:00.000Z", action: "secret" })).length).toBe(6);
  const me = (await caller.identity.get()).id;
  expect((await actions({ actor: me, action: "secret" })).length).toBe(6);
  const seqs: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await caller.audit.list({ action: "secret.created", limit: 2, cursor });
    seqs.push(...page.events.map((e) => e.seq));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(seqs).toEqual([...seqs].sort((a, b) => b - a));
  expect(new Set(seqs).size).toBe(5);
});
