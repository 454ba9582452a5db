import { decodeNoteKey, openNote } from "@keyfold/ledger";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Caller, callerOf, type House, openHouse } from "../testing/house.ts";
import { codeOf, refusalOf } from "../testing/refusal.ts";

let house: House;
let operator: Caller;
let sequence = 0;
beforeAll(async () => {
  house = await openHouse();
  operator = house.as(house.operatorToken);
});
afterAll(() => house.verify().finally(() => house.close()));

const DAY = 86_400;
const reason = "the contract ended";

/** A tenant with a value, and what it takes to shred it. */
async function tenant() {
  const slug = `shred-${++sequence}`;
  const made = await house.tenant(slug);
  await made.caller.secrets.create({ name: "K", value: "not a real value" });
  return { ...made, name: { tenant: made.id, confirm: slug } };
}

/** One that both sides agreed to shred. */
async function agreed() {
  const it = await tenant();
  await operator.shreds.request({ ...it.name, reason });
  await it.caller.shreds.agree({ confirm: it.slug });
  return it;
}

const keysOf = async (id: string) =>
  (await house.sql("SELECT 1 FROM control_plane.tenant_keys WHERE tenant_id = $1", [id])).length;

/** What one run made of a tenant. */
const run = async (id: string, by = operator) =>
  (await by.shreds.run({})).shreds.find((shred) => shred.tenant === id);

test("one side asks, the other agrees, the wait passes, and the keys are destroyed", async () => {
  const { id, slug, caller, name } = await tenant();
  const other = await tenant();
  const requested = await operator.shreds.request({ ...name, reason });
  expect(requested).toMatchObject({
    state: "requested",
    tenant: id,
    slug,
    waitSeconds: 7 * DAY,
    dueAt: null,
  });
  const waiting = await caller.shreds.agree({ confirm: slug });
  expect(waiting).toMatchObject({ state: "waiting", agreedBy: { type: "service_token" } });
  expect(Date.parse(waiting.dueAt!) - Date.parse(waiting.agreedAt!)).toBe(7 * DAY * 1000);
  await house.moveClock("6 days 23 hours 59 minutes");
  expect(await run(id)).toBeUndefined();
  expect((await caller.secrets.reveal({ name: "K" })).value).toBe("not a real value");
  await house.moveClock("7 days 1 minute");
  expect(await run(id)).toEqual({ tenant: id, state: "shredded", problem: null });

  expect(await keysOf(id)).toBe(0);
  expect(await house.sql("SELECT 1 FROM control_plane.sealed_values WHERE tenant_id = $1", [id])).toEqual([]);
  expect(await codeOf(caller.secrets.reveal({ name: "K" }))).toBe("unauthenticated");
  expect(await codeOf(operator.tenants.get({ tenant: id }))).toBe("not_found");
  expect(await operator.shreds.status({ tenant: id })).toMatchObject({ state: "shredded" });
  expect((await other.caller.secrets.reveal({ name: "K" })).value).toBe("not a real value");
  const { events } = await operator.audit.list({ deployment: true, target: id });
  expect(events.map((e) => e.action).reverse()).toEqual([
    "tenant.created",
    "tenant.shred_requested",
    "tenant.shred_agreed",
    "tenant.keys_destroyed",
    "tenant.shredded",
  ]);
  await house.moveClock("0");
});

test("the tenant's owner may ask, and then it is an operator who must agree", async () => {
  const { caller, slug, name } = await tenant();
  await caller.shreds.request({ confirm: slug, reason });
  expect((await refusalOf(caller.shreds.agree({ confirm: slug }))).message).toBe(
    "The tenant's owner asked for this. An operator must agree.",
  );
  expect(await operator.shreds.agree(name)).toMatchObject({
    state: "waiting",
    requestedBy: { type: "service_token" },
    agreedBy: { type: "operator" },
  });
});

test("another operator is not the other side", async () => {
  const { id, name } = await tenant();
  await operator.shreds.request({ ...name, reason });
  const second = house.as(await house.server.createOperatorToken("second"));
  expect((await refusalOf(second.shreds.agree(name))).message).toBe(
    "An operator asked for this. The tenant's owner must agree: a token of the tenant that may shred it, or an owner among its people.",
  );
  expect(await operator.shreds.status({ tenant: id })).toMatchObject({ state: "requested" });
});

test("both type the tenant's own name", async () => {
  const { id, caller, name, slug } = await tenant();
  for (const confirm of ["another", slug.toUpperCase(), ""]) {
    expect(await codeOf(operator.shreds.request({ tenant: id, confirm, reason })), confirm).toBe("bad_input");
  }
  await operator.shreds.request({ ...name, reason });
  expect(await codeOf(caller.shreds.agree({ confirm: "another" }))).toBe("bad_input");
  expect(await operator.shreds.status({ tenant: id })).toMatchObject({ state: "requested" });
});

test("a token agrees only where it may, for the whole tenant, and gives that right only where it has it", async () => {
  const { caller, name, slug } = await tenant();
  await operator.shreds.request({ ...name, reason });
  for (const preset of ["reader", "writer"] as const) {
    const made = await caller.tokens.create({ name: preset, preset });
    expect(made.details.actions).not.toContain("tenant.shred");
    expect(await codeOf(house.as(made.token).shreds.agree({ confirm: slug })), preset).toBe("forbidden");
  }
  const narrow = await caller.tokens.create({ name: "narrow", preset: "admin", projects: ["default"] });
  expect(await codeOf(house.as(narrow.token).shreds.agree({ confirm: slug }))).toBe("forbidden");
  const less = await caller.tokens.create({ name: "less", actions: ["token.create", "secret.list"] });
  expect(await codeOf(house.as(less.token).tokens.create({ name: "more", actions: ["tenant.shred"] }))).toBe(
    "forbidden",
  );
});

test.each(["operator", "owner"])(
  "the %s cancels, before and after the other agreed; then it must be asked for anew",
  async (who) => {
    for (const agree of [false, true]) {
      const { id, caller, name, slug } = await tenant();
      await operator.shreds.request({ ...name, reason });
      if (agree) await caller.shreds.agree({ confirm: slug });
      const by = who === "operator" ? operator : caller;
      const cancelled = await by.shreds.cancel({ tenant: id, reason: "they stay" });
      expect(cancelled).toMatchObject({ state: "cancelled", cancelledBy: { name: expect.any(String) } });
      await house.moveClock("8 days");
      expect(await run(id)).toBeUndefined();
      expect(await keysOf(id)).toBe(2);
      await house.moveClock("0");
      expect(await codeOf(caller.shreds.agree({ confirm: slug }))).toBe("not_found");
      expect(await codeOf(by.shreds.cancel({ tenant: id, reason: "again" }))).toBe("not_found");
      expect(await operator.shreds.request({ ...name, reason })).toMatchObject({ state: "requested" });
    }
  },
);

test("there is one at a time, and none is agreed to twice", async () => {
  const { caller, name, slug } = await agreed();
  expect(await codeOf(operator.shreds.request({ ...name, reason }))).toBe("illegal_state");
  expect(await codeOf(caller.shreds.agree({ confirm: slug }))).toBe("illegal_state");
  const both = await tenant();
  const outcomes = await house.inLine(both.id, [
    () => codeOf(operator.shreds.request({ ...both.name, reason })),
    () => codeOf(both.caller.shreds.request({ confirm: both.slug, reason })),
  ]);
  expect(outcomes.filter((code) => code === "allowed")).toHaveLength(1);
});

test("the wait that was agreed to counts, whatever the setting says later", async () => {
  const { id } = await agreed();
  const hasty = await house.another({ waits: { shredSeconds: 0 } });
  expect(await run(id, callerOf(hasty, house.operatorToken))).toBeUndefined();
  expect(await keysOf(id)).toBe(2);
  const now = await tenant();
  await callerOf(hasty, house.operatorToken).shreds.request({ ...now.name, reason });
  await now.caller.shreds.agree({ confirm: now.slug });
  expect(await run(now.id)).toMatchObject({ state: "shredded" });
});

test("an operator who deletes the tenant meanwhile changes nothing: the wait goes on, and it may be cancelled", async () => {
  const one = await agreed();
  const two = await agreed();
  for (const { id } of [one, two]) await operator.tenants.delete({ tenant: id });
  expect(await codeOf(operator.tenants.purge({ tenant: one.id, confirm: one.slug }))).toBe("illegal_state");
  await operator.shreds.cancel({ tenant: two.id, reason: "they stay" });
  await house.moveClock("8 days");
  expect(await run(one.id)).toMatchObject({ state: "shredded" });
  expect(await keysOf(two.id)).toBe(2);
  await house.moveClock("0");
});

test("what is shredded is purged like every deleted tenant, and its receipt stays", async () => {
  const { id, slug } = await agreed();
  await house.moveClock("8 days");
  await run(id);
  const before = await operator.shreds.receipt({ tenant: id });
  await operator.tenants.purge({ tenant: id, confirm: slug });
  expect(await operator.shreds.receipt({ tenant: id })).toEqual(before);
  await house.moveClock("0");
});

test("the receipt is signed, says what was destroyed and what is left, and changes no letter unnoticed", async () => {
  const { id, slug, caller, name } = await tenant();
  const [{ keys }] = (await house.sql<{ keys: string[] }>(
    "SELECT array_agg(encode(check_value, 'hex') ORDER BY purpose) AS keys FROM control_plane.tenant_keys WHERE tenant_id = $1",
    [id],
  )) as [{ keys: string[] }];
  await operator.shreds.request({ ...name, reason: 'the contract \u0085 "ended"\n\n— no signature' });
  await caller.shreds.agree({ confirm: slug });
  await house.moveClock("8 days");
  await run(id);
  await house.moveClock("0");
  const { receipt, publicKey } = await operator.shreds.receipt({ tenant: id });
  const key = decodeNoteKey(publicKey);
  const text = openNote(receipt, [key])!;
  expect(text.split("\n")[0]).toBe("keyfold/shred-receipt/v1");
  expect(text).toMatch(/^[\n -~]+$/);
  const body = JSON.parse(text.slice(text.indexOf("\n")));
  const [last] = await house.sql<{ hash: string }>(
    `SELECT encode(hash, 'hex') AS hash FROM control_plane.audit_batches WHERE chain_id = $1 AND number = $2`,
    [id, body.chains.tenant.batch],
  );
  expect(body).toMatchObject({
    deployment: house.server.deployment.id,
    tenant: { id, slug },
    reason: 'the contract \u0085 "ended"\n\n— no signature',
    requested: { by: { type: "operator" } },
    agreed: { by: { type: "service_token" } },
    waitSeconds: 7 * DAY,
    destroyed: {
      by: { type: "operator" },
      keys: [
        { purpose: "digest", term: 1, checkValue: keys[0] },
        { purpose: "value", term: 1, checkValue: keys[1] },
      ],
      openers: [{ opener: (await house.provider.current()).id, wraps: 2 }],
      sealedValues: 1,
      secrets: 1,
    },
    keyTablesRewrittenAt: expect.any(String),
    chains: { tenant: { chain: id, hash: last!.hash }, deployment: { chain: house.server.deployment.id } },
  });
  expect(body.notYetErased.join(" ")).toContain("Backups, dumps and snapshots");
  expect(body.notYetErased.join(" ")).toContain("databases of other regions");
  expect(openNote(receipt.replace('"sealedValues": 1', '"sealedValues": 2'), [key])).toBeNull();
});

test("the server's own job ends what is due", async () => {
  const { id } = await agreed();
  await house.moveClock("8 days");
  await house.server.jobs.find((job) => job.name === "shreds.end")!.run();
  const { events } = await operator.audit.list({ deployment: true, target: id, action: "tenant.shredded" });
  expect(events[0]).toMatchObject({ actor: { type: "job", name: "shreds.end" } });
  expect(await operator.shreds.status({ tenant: id })).toMatchObject({ state: "shredded" });
  await house.moveClock("0");
});

test("nobody has a receipt before there is one", async () => {
  const { id } = await agreed();
  expect(await codeOf(operator.shreds.receipt({ tenant: id }))).toBe("not_found");
  expect(await codeOf(operator.shreds.receipt({ tenant: crypto.randomUUID() }))).toBe("not_found");
});

test("while somebody may still look at the old rows there is no receipt, and the next run goes on", async () => {
  const { id } = await agreed();
  await house.moveClock("8 days");
  const looking = new pg.Client({ connectionString: house.database.superuserUrl });
  await looking.connect();
  try {
    await looking.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    await looking.query("SELECT count(*) FROM control_plane.deployments");
    expect(await run(id)).toEqual({ tenant: id, state: "erasing", problem: "held_back" });
    expect(house.logged.join("\n")).toContain("a shredded tenant's wrapped keys are still in dead rows");
    expect(await keysOf(id)).toBe(0);
    expect(await codeOf(operator.shreds.cancel({ tenant: id, reason: "too late" }))).toBe("illegal_state");
    expect(await codeOf(operator.shreds.receipt({ tenant: id }))).toBe("not_found");
  } finally {
    await looking.end();
  }
  const another = await house.another();
  expect(await run(id, callerOf(another, house.operatorToken))).toMatchObject({ state: "shredded" });
  await house.moveClock("0");
});

test("two who run at once end it once", async () => {
  const { id } = await agreed();
  await house.moveClock("8 days");
  const another = callerOf(await house.another(), house.operatorToken);
  await Promise.all([run(id), run(id, another)]);
  // They may have stood in each other's way at the rewriting of the tables.
  await run(id);
  expect(await operator.shreds.status({ tenant: id })).toMatchObject({ state: "shredded" });
  const { events } = await operator.audit.list({ deployment: true, target: id });
  expect(events.filter((e) => e.action === "tenant.keys_destroyed")).toHaveLength(1);
  expect(events.filter((e) => e.action === "tenant.shredded")).toHaveLength(1);
  await house.moveClock("0");
});

test("the database tells every process that the keys are gone, and each forgets what it unwrapped", async () => {
  const { id } = await agreed();
  const told: string[] = [];
  const listener = new pg.Client({ connectionString: house.database.url });
  await listener.connect();
  listener.on("notification", ({ payload }) => told.push(payload!));
  await listener.query("LISTEN keyfold_epoch");
  try {
    await house.moveClock("8 days");
    await run(id);
    await listener.query("SELECT 1");
    expect(told).toContain(`${id} gone`);
  } finally {
    await listener.end();
    await house.moveClock("0");
  }
  // What such a message does, shown where the keys are gone behind everybody's back.
  const other = await tenant();
  const another = await house.another({ readCache: false });
  const caller = callerOf(another, other.token);
  await caller.secrets.reveal({ name: "K" });
  await house.tamper("DELETE FROM control_plane.key_wraps WHERE tenant_id = $1", [other.id]);
  expect(await codeOf(caller.secrets.reveal({ name: "K" }))).toBe("allowed");
  another.hint(`${other.id} gone`);
  expect(await codeOf(caller.secrets.reveal({ name: "K" }))).toBe("decryption_failed");
});

test("a tenant is purged only some time after it was deleted", async () => {
  const patient = callerOf(await house.another({ waits: { purgeSeconds: 30 * DAY } }), house.operatorToken);
  const { id, slug } = await tenant();
  await operator.tenants.delete({ tenant: id });
  const refused = await refusalOf(patient.tenants.purge({ tenant: id, confirm: slug }));
  expect([refused.code, refused.message]).toEqual([
    "illegal_state",
    expect.stringMatching(/^A deleted tenant is kept for a while, and this one can be purged from .+Z on\./),
  ]);
  expect(await keysOf(id)).toBe(2);
  await house.moveClock("30 days 1 minute");
  expect(await codeOf(patient.tenants.purge({ tenant: id, confirm: slug }))).toBe("allowed");
  expect(await keysOf(id)).toBe(0);
  await house.moveClock("0");
});
