import { afterAll, beforeAll, expect, test } from "vitest";
import { requestInfo } from "../router/context.ts";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const works = (token: string | null) => codeOf(house.as(token).secrets.list({}));
const DAY = 86_400;

test("a token that was rotated works beside its successor until the overlap ends, in every process, by the database's clock", async () => {
  const { caller } = await house.tenant("overlap");
  await caller.secrets.create({ name: "K", value: "not a real value" });
  const old = await caller.tokens.create({
    name: "billing",
    preset: "reader",
    consumerName: "billing-worker",
    consumerKind: "worker",
  });
  const read = (token: string | null) => codeOf(house.as(token).secrets.reveal({ name: "K" }));
  expect(await read(old.token)).toBe("allowed");
  const made = await caller.tokens.rotate({ id: old.details.id, overlapSeconds: 3600 });
  expect(made.token).not.toBe(old.token);
  const { id: _, hint: __, createdAt: ___, ...same } = old.details;
  expect(made.details).toMatchObject({ ...same, rotatedFrom: old.details.id, expiresAt: null });
  try {
    for (const token of [old.token, made.token]) expect(await read(token)).toBe("allowed");
    await house.moveClock("61 minutes");
    expect([await read(old.token), await read(made.token)]).toEqual(["unauthenticated", "allowed"]);
  } finally {
    await house.moveClock("0");
  }
});

test("with no overlap the old token ends at once, its sessions with it, and the journal's own event tells so", async () => {
  const { caller } = await house.tenant("at-once");
  const old = await caller.tokens.create({ name: "leaked", preset: "reader" });
  const { secret } = await house.server.startSession(requestInfo({ token: old.token }));
  const made = await caller.tokens.rotate({ id: old.details.id, overlapSeconds: 0 });
  expect([await works(old.token), await works(made.token)]).toEqual(["unauthenticated", "allowed"]);
  expect(await codeOf(house.server.startSession(requestInfo({ token: old.token })))).toBe("unauthenticated");
  const session = requestInfo({ session: secret });
  const { verbs } = await import("../router/verbs.ts");
  expect(await codeOf(house.server.invoke(verbs.secrets.list, session, {}))).toBe("unauthenticated");
  const { events } = await caller.audit.list({ action: "token.revoked" });
  expect(events.map((e) => [e.target?.id, e.details.replacedBy])).toEqual([
    [old.details.id, made.details.id],
  ]);
});

test("an overlap makes no token live longer, and a new life is given only by who has as much", async () => {
  const { caller } = await house.tenant("life");
  const old = await caller.tokens.create({ name: "t", preset: "reader", expiresInSeconds: 3600 });
  const made = await caller.tokens.rotate({ id: old.details.id, overlapSeconds: 90 * DAY });
  expect(made.details.expiresAt).toBe(old.details.expiresAt);
  const { tokens } = await caller.tokens.list({});
  expect(tokens.find((t) => t.id === old.details.id)?.expiresAt).toBe(old.details.expiresAt);
  const longer = await caller.tokens.rotate({ id: made.details.id, expiresInSeconds: 30 * DAY });
  expect(Date.parse(longer.details.expiresAt!)).toBeGreaterThan(Date.now() + 29 * DAY * 1000);

  const short = await caller.tokens.create({ name: "s", preset: "admin", expiresInSeconds: 3600 });
  const itself = house.as(short.token);
  const id = short.details.id;
  expect(await codeOf(itself.tokens.rotate({ id, expiresInSeconds: 7200 }))).toBe("forbidden");
  expect(await codeOf(itself.tokens.rotate({ id, expiresInSeconds: null }))).toBe("forbidden");
  const next = await itself.tokens.rotate({ id, overlapSeconds: 0 });
  expect([await works(short.token), await works(next.token)]).toEqual(["unauthenticated", "allowed"]);
});

test("what has ended, was replaced, or is out of reach is not rotated; of two at once, one is", async () => {
  const { caller } = await house.tenant("refused");
  const { caller: stranger } = await house.tenant("stranger");
  const fresh = async () => (await caller.tokens.create({ name: "t", preset: "reader" })).details.id;
  const revoked = await fresh();
  await caller.tokens.revoke({ id: revoked });
  expect(await codeOf(caller.tokens.rotate({ id: revoked }))).toBe("illegal_state");
  const id = await fresh();
  expect(await codeOf(stranger.tokens.rotate({ id }))).toBe("not_found");
  const narrow = house.as(
    (await caller.tokens.create({ name: "n", actions: ["token.rotate", "secret.list"] })).token,
  );
  expect(await codeOf(narrow.tokens.rotate({ id }))).toBe("not_found");
  expect((await Promise.all([1, 2, 3].map(() => codeOf(caller.tokens.rotate({ id }))))).sort()).toEqual([
    "allowed",
    "illegal_state",
    "illegal_state",
  ]);
  const next = (await caller.tokens.list({})).tokens.find((t) => t.rotatedFrom === id)!;
  await caller.tokens.revoke({ id: next.id });
  // The successor was lost before anybody had it: another one may be made.
  expect(await codeOf(caller.tokens.rotate({ id }))).toBe("allowed");
  for (const overlapSeconds of [-1, 0.5, 91 * DAY, "1 day"])
    expect(await codeOf(caller.tokens.rotate({ id, overlapSeconds: overlapSeconds as number }))).toBe(
      "bad_input",
    );
});

test("a rotation that is sent twice under one key makes one token, and shows it once", async () => {
  const { caller } = await house.tenant("retried");
  const { details } = await caller.tokens.create({ name: "t", preset: "reader" });
  const input = { id: details.id, idempotencyKey: "rotate-once" };
  const first = await caller.tokens.rotate(input);
  expect(await caller.tokens.rotate(input)).toEqual({ token: null, details: first.details });
});

test("a token's last use is noted with its address, by whoever called, and not by a refused call", async () => {
  const { caller, id } = await house.tenant("used");
  const { token, details } = await caller.tokens.create({
    name: "t",
    preset: "reader",
    ipRanges: ["10.0.0.0/8"],
  });
  await caller.secrets.create({ name: "K", value: "not a real value" });
  const { verbs } = await import("../router/verbs.ts");
  const call = (ip: string) =>
    codeOf(house.server.invoke(verbs.secrets.reveal, requestInfo({ token, ip }), { name: "K" }));
  const noted = async () => {
    await house.server.flush();
    const row = (await caller.tokens.list({})).tokens.find((t) => t.id === details.id)!;
    return [row.lastUsedAt !== null, row.lastUsedIp];
  };
  expect(await noted()).toEqual([false, null]);
  expect(await call("192.0.2.1")).toBe("unauthenticated");
  expect(await noted()).toEqual([false, null]);
  await call("10.0.0.1");
  expect(await noted()).toEqual([true, "10.0.0.1"]);
  await call("10.0.0.2"); // warm
  expect(await noted()).toEqual([true, "10.0.0.2"]);
  // Where the last one was noted is written by now: this one is noted anew.
  await call("10.0.0.3");
  expect(await noted()).toEqual([true, "10.0.0.3"]);
  expect((await house.sql("SELECT 1 FROM control_plane.token_notes WHERE tenant_id = $1", [id])).length).toBe(
    2,
  );
});

test("what could not be written of uses is written later", async () => {
  const { caller } = await house.tenant("later");
  const { token, details } = await caller.tokens.create({ name: "t", preset: "reader" });
  await house.server.flush();
  await house.as(token).secrets.list({});
  const connect = house.db.pool.connect;
  house.db.pool.connect = (() =>
    Promise.reject(Object.assign(new Error("away"), { code: "ECONNREFUSED" }))) as typeof connect;
  expect(await codeOf(house.server.flush())).toBe("database_unavailable");
  house.db.pool.connect = connect;
  await house.server.flush();
  const row = (await caller.tokens.list({})).tokens.find((t) => t.id === details.id)!;
  expect(row.lastUsedAt).not.toBeNull();
});

test("a token's end is told 14 days, 3 days and a day ahead, each once, unless it was replaced or never lived so long", async () => {
  const { caller, id } = await house.tenant("reminded");
  const make = async (name: string, days: number) =>
    (await caller.tokens.create({ name, preset: "reader", expiresInSeconds: days * DAY })).details.id;
  const monthly = await make("monthly", 30);
  const weekly = await make("weekly", 7);
  const hourly = await make("hourly", 1 / 24);
  const replaced = await make("replaced", 30);
  await caller.tokens.rotate({ id: replaced, expiresInSeconds: 300 * DAY, overlapSeconds: 29 * DAY });
  const job = house.server.jobs.find(({ name }) => name === "tokens.remind")!;
  const told = async (after: string) => {
    await house.moveClock(after);
    await Promise.all([job.run(new AbortController().signal), job.run(new AbortController().signal)]);
    const rows = await house.sql<{ data: { token_id: string; days: number } }>(
      "SELECT data FROM control_plane.tenant_messages WHERE tenant_id = $1 AND kind = 'token.expiring' ORDER BY batch, item",
      [id],
    );
    return rows.map(({ data }) => [data.token_id, data.days]);
  };
  try {
    expect(await told("1 day")).toEqual([]);
    const first = [weekly, 3];
    expect(await told("4 days 1 hour")).toEqual([first]);
    expect(await told("4 days 2 hours")).toEqual([first]);
    // Past the fourteenth day, and the day before its end: the nearest one counts.
    expect(await told("16 days 1 hour")).toEqual([first, [monthly, 14]]);
    expect(await told("29 days 1 hour")).toEqual([first, [monthly, 14], [monthly, 1]]);
    expect(await told("31 days")).toHaveLength(3);
  } finally {
    await house.moveClock("0");
  }
  const { events } = await caller.audit.list({ action: "token.expiring" });
  expect(events.map((e) => [e.actor.type, e.actor.name, e.target?.id])).toEqual([
    ["job", "tokens.remind", monthly],
    ["job", "tokens.remind", monthly],
    ["job", "tokens.remind", weekly],
  ]);
  expect(hourly).not.toBe(weekly);
});
