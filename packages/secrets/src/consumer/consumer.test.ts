import { decodeBodies, decodeEvent } from "@keyfold/ledger";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";
import { until } from "../testing/until.ts";

let house: House;
let tenantId: string;
let caller: Caller;
let sequence = 0;
beforeAll(async () => {
  house = await openHouse();
  ({ id: tenantId, caller } = await house.tenant("acme"));
});
afterEach(() => house.moveClock("0"));
afterAll(() => house.verify().finally(() => house.close()));

async function secret(versions = 1): Promise<string> {
  const { id } = await caller.secrets.create({ name: `S${++sequence}`, value: "value 1" });
  for (let n = 2; n <= versions; n++) await caller.secrets.rotate({ id, value: `value ${n}` });
  return id;
}
type Kind = "edge_function" | "worker" | "webhook" | "service" | "ci" | "other";
/** A reader's token that somebody named as a consumer. */
async function reader(consumerName?: string, consumerKind?: Kind): Promise<string> {
  const made = await caller.tokens.create({
    name: `token ${++sequence}`,
    preset: "reader",
    consumerName,
    consumerKind,
  });
  return made.token!;
}
const reveal = (token: string, id: string, instance?: string) =>
  house.server.router
    .createCaller({ keyfold: requestInfo({ token, instance: instance ?? null }) })
    .secrets.reveal({ id });
const ack = (token: string, id: string, version: number, instance?: string, leaseSeconds?: number) =>
  house.as(token).consumers.ack({ id, version, instance, leaseSeconds });
const consumers = async (id: string) => {
  await house.server.flush();
  return (await caller.consumers.list({ id })).consumers;
};
const standing = async (id: string) =>
  Object.fromEntries((await consumers(id)).map(({ name, state }) => [name, state]));

test("a read by a token is noted with consumer, kind, version and time, warm or cold, one or many", async () => {
  const id = await secret(2);
  const { name } = await caller.secrets.get({ id });
  const [worker, edge, plain] = [
    await reader("billing", "worker"),
    await reader("checkout", "edge_function"),
    await reader(),
  ];
  await reveal(worker, id); // cold
  await reveal(worker, id); // warm
  await house.as(edge).versions.reveal({ id, version: 1 });
  await house.as(plain).secrets.revealMany({ names: [name] });
  expect(await consumers(id)).toMatchObject([
    { name: "billing", kind: "worker", lastVersion: 2, state: "current", instances: 1 },
    {
      name: "checkout",
      kind: "edge_function",
      lastVersion: 1,
      state: "behind",
      uses: [{ version: 1, instances: 1, acknowledged: 0 }],
    },
    { name: expect.stringMatching(/^token /), kind: "other", lastVersion: 2, declaredAt: null },
  ]);
  const [billing] = await consumers(id);
  expect(Date.parse(billing!.lastReadAt!)).toBeGreaterThanOrEqual(Date.parse(billing!.firstReadAt!));
});

test("a warm read after the last one was written is noted anew", async () => {
  const id = await secret();
  const token = await reader("again and again");
  const lastRead = async () => Date.parse((await consumers(id))[0]!.lastReadAt!);
  await reveal(token, id); // cold
  await reveal(token, id);
  const before = await lastRead();
  await house.moveClock("1 minute");
  try {
    await reveal(token, id);
    expect(await lastRead()).toBeGreaterThanOrEqual(before + 60_000);
  } finally {
    await house.moveClock("0");
  }
});

test("notes are written by themselves every so often, and by whoever ends the process", async () => {
  const [id, other] = [await secret(), await secret()];
  const token = await reader("by itself");
  const server = await house.another({ consumers: { everyMs: 10 } });
  await server.invoke(verbs.secrets.reveal, requestInfo({ token }), { id });
  const noted = async (secretId: string) =>
    (await house.sql("SELECT FROM control_plane.consumers WHERE secret_id = $1", [secretId])).length === 1;
  await until(() => noted(id));
  const stopping = await house.another();
  await stopping.invoke(verbs.secrets.reveal, requestInfo({ token }), { id: other });
  expect(await noted(other)).toBe(false);
  await stopping.flush();
  expect(await noted(other)).toBe(true);
});

test("what a session reads, what is refused, and what is only looked at makes no consumer", async () => {
  const id = await secret(2);
  const token = await reader("panel user");
  const session = await house.server.startSession(requestInfo({ token }));
  await house.server.invoke(verbs.secrets.reveal, requestInfo({ session: session.secret }), { id });
  await caller.secrets.get({ id });
  await caller.versions.list({ id });
  await caller.versions.revoke({ id, version: 1, reason: "leaked" });
  expect(await codeOf(house.as(token).versions.reveal({ id, version: 1 }))).toBe("version_revoked");
  const stranger = await house.tenant(`stranger-${++sequence}`);
  expect(await codeOf(stranger.caller.secrets.reveal({ id }))).toBe("not_found");
  expect(await consumers(id)).toEqual([]);
});

test("who a consumer is comes from its token: two tokens of one name are one, and no caller names itself", async () => {
  const id = await secret();
  await reveal(await reader("billing"), id);
  await reveal(await reader("billing", "worker"), id);
  expect(await consumers(id)).toMatchObject([{ name: "billing", kind: "worker", instances: 1 }]);
  const { tokens } = await caller.tokens.list({});
  expect(tokens.map((one) => one.consumer)).toContainEqual({ name: "billing", kind: "worker" });
  // An instance is counted, and is nobody.
  await reveal(await reader("other"), id, "billing");
  expect((await consumers(id)).map(({ name, instances }) => [name, instances])).toEqual([
    ["billing", 1],
    ["other", 1],
  ]);
  await house.tamper(
    "UPDATE control_plane.service_tokens SET consumer_name = 'billing' WHERE consumer_name = 'other'",
  );
  expect(await codeOf(house.as(await reader("fine")).secrets.list({}))).toBe("allowed");
  const edited = await reader("edited");
  await house.tamper(
    "UPDATE control_plane.service_tokens SET consumer_name = 'billing' WHERE consumer_name = 'edited'",
  );
  expect(await codeOf(house.as(edited).secrets.list({}))).toBe("integrity_failed");
});

test("a consumer never seen is told of once, to the audit log and to whoever listens; a declared one is expected", async () => {
  const id = await secret();
  const declared = await caller.consumers.declare({ id, consumer: "nightly", kind: "ci" });
  expect(declared).toMatchObject({
    name: "nightly",
    kind: "ci",
    state: "never_seen",
    lastReadAt: null,
    instances: 0,
  });
  await reveal(await reader("nightly"), id);
  const surprise = await reader("surprise", "webhook");
  for (let i = 0; i < 2; i++) {
    await reveal(surprise, id);
    await house.server.flush();
  }
  expect(await consumers(id)).toMatchObject([
    { name: "nightly", kind: "ci", state: "current", declaredBy: { name: "first" } },
    { name: "surprise", kind: "webhook", state: "current", declaredBy: null },
  ]);
  const rows = await house.sql<{ bodies: Buffer }>(
    "SELECT bodies FROM control_plane.audit_batches WHERE chain_id = $1",
    [tenantId],
  );
  const events = rows.flatMap((row) => decodeBodies(row.bodies).map(decodeEvent));
  expect(events.filter((e) => e.action === "consumer.appeared" && e.target?.id === id)).toMatchObject([
    { details: { consumer: "surprise", kind: "webhook" }, target: { version: 1 }, actor: { type: "job" } },
  ]);
  expect(
    await house.sql(
      "SELECT data FROM control_plane.tenant_messages WHERE kind = 'secret.unknown_consumer' AND secret_id = $1",
      [id],
    ),
  ).toEqual([{ data: { consumer: "surprise", consumer_kind: "webhook", version: 1 } }]);
});

test("an instance is alive until its lease ends by the database's clock, and whoever names none for 30 days", async () => {
  const id = await secret();
  const [named, plain] = [await reader("named"), await reader("plain")];
  await reveal(named, id, "pod-1");
  await reveal(plain, id);
  const { leaseUntil } = await ack(named, id, 1, "pod-2", 7200);
  expect(Date.parse(leaseUntil) - Date.now()).toBeGreaterThan(7_100_000);
  expect((await consumers(id)).map(({ name, instances }) => [name, instances])).toEqual([
    ["named", 2],
    ["plain", 1],
  ]);
  await house.moveClock("61 minutes");
  expect((await consumers(id))[0]).toMatchObject({ instances: 1 });
  await house.moveClock("121 minutes");
  expect(await standing(id)).toEqual({ named: "gone", plain: "current" });
  await house.moveClock("31 days");
  expect(await standing(id)).toEqual({ named: "gone", plain: "gone" });
  await house.server.jobs.find((job) => job.name === "consumer_instances.clean")!.run();
  expect(
    await house.sql("SELECT 1 FROM control_plane.consumer_instances WHERE secret_id = $1", [id]),
  ).toEqual([]);
  expect((await consumers(id)).length).toBe(2);
  await house.moveClock("0");
  await ack(named, id, 1, "pod-3");
  await ack(named, id, 1, "pod-3", 0);
  expect(await standing(id)).toEqual({ named: "gone", plain: "gone" });
});

test("the blast radius says who reads it, when last, which version, who has not moved, and who was never seen", async () => {
  const id = await secret();
  const [moved, behind, plain] = [await reader("moved"), await reader("behind"), await reader("plain")];
  await caller.consumers.declare({ id, consumer: "never" });
  for (const token of [moved, behind, plain]) await reveal(token, id, token === plain ? undefined : "a");
  await ack(moved, id, 1, "a");
  await ack(behind, id, 1, "a");
  await house.server.flush();
  await caller.secrets.rotate({ id, value: "value 2" });
  // Read is not applied: who acknowledges is believed from then on.
  await reveal(behind, id, "a");
  await reveal(plain, id);
  await ack(moved, id, 2, "a");
  await house.server.flush();
  const radius = await caller.secrets.blastRadius({ id });
  expect(radius).toMatchObject({
    secretId: id,
    version: 2,
    total: 4,
    current: 2,
    behind: 1,
    gone: 0,
    neverSeen: 1,
    uses: [
      { version: 2, consumers: 2, instances: 2 },
      { version: 1, consumers: 1, instances: 1 },
    ],
  });
  expect(radius.consumers.map(({ name, state, lastVersion }) => [name, state, lastVersion])).toEqual([
    ["behind", "behind", 2],
    ["moved", "current", 1],
    ["never", "never_seen", null],
    ["plain", "current", 2],
  ]);
  expect(
    (await caller.secrets.blastRadius({ id, state: "behind" })).consumers.map(({ name }) => name),
  ).toEqual(["behind"]);
  await caller.secrets.delete({ id, force: true, reason: "over" });
  expect((await caller.secrets.blastRadius({ id })).total).toBe(4);
});

test("an acknowledgement names a version there is, of a secret in reach, and speaks for its own consumer only", async () => {
  const id = await secret();
  const token = await reader("worker");
  await caller.versions.prepare({ id, value: "pending" });
  expect(await codeOf(ack(token, id, 9))).toBe("not_found");
  expect(await codeOf(ack(token, id, 2))).toBe("version_pending");
  for (const input of [
    { id, version: 0 },
    { id, version: 1.5 },
    { id, version: 1, instance: "" },
    { id, version: 1, instance: "a b" },
    { id, version: 1, instance: "x".repeat(65) },
    { id, version: 1, leaseSeconds: -1 },
    { id, version: 1, leaseSeconds: 86_401 },
    { id, version: 1, consumer: "somebody else" },
    { version: 1 },
  ])
    expect(await codeOf(house.as(token).consumers.ack(input as never)), JSON.stringify(input)).toBe(
      "bad_input",
    );
  expect(await ack(token, id, 1)).toMatchObject({
    consumer: "worker",
    instance: null,
    version: 1,
    currentVersion: 1,
  });
  const elsewhere = await caller.tokens.create({
    name: "t",
    preset: "reader",
    environments: ["prod"],
    projects: ["default"],
  });
  expect(await codeOf(ack(elsewhere.token!, id, 1))).toBe("not_found");
});

test("a consumer that is removed is waited for no more, and is new when it reads again", async () => {
  const id = await secret();
  const token = await reader("passing");
  await reveal(token, id, "a");
  await house.server.flush();
  await caller.consumers.remove({ id, consumer: "passing", reason: "switched off" });
  expect(await consumers(id)).toEqual([]);
  expect(await codeOf(caller.consumers.remove({ id, consumer: "passing" }))).toBe("not_found");
  await reveal(token, id, "a");
  expect(await standing(id)).toEqual({ passing: "current" });
  for (const consumer of ["", " x", "a\nb", "x".repeat(256)])
    expect(await codeOf(caller.consumers.declare({ id, consumer })), consumer).toBe("bad_input");
  expect(await codeOf(caller.consumers.declare({ id, consumer: "x", kind: "human" as never }))).toBe(
    "bad_input",
  );
});

test("10 000 consumers of one secret are listed in pages and summed up", { timeout: 60_000 }, async () => {
  const id = await secret();
  await house.tamper(
    `INSERT INTO control_plane.consumers (tenant_id, secret_id, name, kind, first_read_at, last_read_at, last_version)
       SELECT $1, $2, 'consumer ' || lpad(i::text, 5, '0'), 'worker', now(), now(), 1 FROM generate_series(1, 10000) i`,
    [tenantId, id],
  );
  await house.tamper(
    `INSERT INTO control_plane.consumer_instances (tenant_id, secret_id, consumer, instance, read_version, read_at, lease_until)
       SELECT $1, $2, 'consumer ' || lpad(i::text, 5, '0'), '', 1, now(), now() + interval '1 day' FROM generate_series(1, 10000) i`,
    [tenantId, id],
  );
  const radius = await caller.secrets.blastRadius({ id });
  expect([radius.total, radius.current, radius.consumers.length]).toEqual([10_000, 10_000, 100]);
  const seen = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await caller.consumers.list({ id, limit: 500, cursor });
    for (const { name } of page.consumers) seen.add(name);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(seen.size).toBe(10_000);
  expect(await codeOf(caller.consumers.list({ id, limit: 501 }))).toBe("bad_input");
  expect(await codeOf(caller.consumers.list({ id, cursor: "bm90IG9uZQ" }))).toBe("bad_input");
});

test("instances beyond what is told apart count as unnamed, so that a caller cannot fill the table", async () => {
  const id = await secret();
  await house.tamper(
    `INSERT INTO control_plane.consumers (tenant_id, secret_id, name, kind, first_read_at, last_read_at, last_version)
       VALUES ($1, $2, 'many', 'worker', now(), now(), 1)`,
    [tenantId, id],
  );
  await house.tamper(
    `INSERT INTO control_plane.consumer_instances (tenant_id, secret_id, consumer, instance, read_version, read_at, lease_until)
       SELECT $1, $2, 'many', 'i-' || i, 1, now(), now() + interval '1 day' FROM generate_series(1, 9999) i`,
    [tenantId, id],
  );
  const token = await reader("many");
  for (const instance of ["new-1", "new-2", "new-3"]) await reveal(token, id, instance);
  await house.server.flush();
  const [row] = await house.sql<{ n: number; unnamed: number; fresh: number }>(
    `SELECT count(*)::int AS n, count(*) FILTER (WHERE instance = '')::int AS unnamed, count(*) FILTER (WHERE instance LIKE 'new%')::int AS fresh
       FROM control_plane.consumer_instances WHERE secret_id = $1`,
    [id],
  );
  expect(row).toEqual({ n: 10_001, unnamed: 1, fresh: 1 });
  // Nor by acknowledging: what is known goes on, and what names itself by nothing.
  const acks = (instance?: string) =>
    codeOf(
      house.as(token).consumers.ack({ id, version: 1, ...(instance === undefined ? {} : { instance }) }),
    );
  expect(await acks("new-4")).toBe("illegal_state");
  expect([await acks("new-1"), await acks("i-1"), await acks()]).toEqual(["allowed", "allowed", "allowed"]);
});

test("reads of a secret that is purged before they are written are left out, and the others are written", async () => {
  const [gone, stays] = [await secret(), await secret()];
  const token = await reader("both");
  await reveal(token, gone);
  await reveal(token, stays);
  await house.tamper("DELETE FROM control_plane.sealed_values WHERE secret_id = $1", [gone]);
  await house.tamper("DELETE FROM control_plane.versions WHERE secret_id = $1", [gone]);
  await house.tamper("DELETE FROM control_plane.secrets WHERE id = $1", [gone]);
  expect(await standing(stays)).toEqual({ both: "current" });
  expect(await house.sql("SELECT 1 FROM control_plane.consumers WHERE secret_id = $1", [gone])).toEqual([]);
});

test("while the database takes no notes they wait in memory, a newer read over an older, and nothing is lost", async () => {
  const id = await secret(2);
  const token = await reader("patient");
  await reveal(token, id, "a");
  await house.sql("ALTER TABLE control_plane.consumers RENAME TO consumers_away");
  try {
    expect(await codeOf(house.server.flush())).toBe("internal");
    expect((await reveal(token, id, "a")).value).toBe("value 2"); // reads do not mind
    expect(await codeOf(house.server.flush())).toBe("internal");
  } finally {
    await house.sql("ALTER TABLE control_plane.consumers_away RENAME TO consumers");
  }
  expect(await standing(id)).toEqual({ patient: "current" });
});
