import { afterAll, beforeAll, expect, test } from "vitest";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

async function signedIn(slug: string) {
  const tenant = await house.tenant(slug);
  const { secret, expiresAt } = await house.server.startSession(requestInfo({ token: tenant.token }));
  const session = requestInfo({ session: secret });
  return {
    ...tenant,
    session,
    secret,
    expiresAt,
    list: () => house.server.invoke(verbs.secrets.list, session, {}),
  };
}

test("a session does what its token may until it is ended, in every process", async () => {
  const { list, session, caller } = await signedIn("ended");
  expect(await codeOf(list())).toBe("allowed");
  const other = await house.another();
  await other.endSession(session);
  expect(await codeOf(list())).toBe("unauthenticated");
  await house.server.endSession(session);
  const { events } = await caller.audit.list({ action: "session" });
  expect(events.map((e) => [e.action, e.actor.via])).toEqual([
    ["session.ended", "session"],
    ["session.started", "token"],
  ]);
});

test("revoking a token ends its sessions", async () => {
  const { caller } = await house.tenant("revoked");
  const { token, details } = await caller.tokens.create({ name: "t", preset: "reader" });
  const { secret } = await house.server.startSession(requestInfo({ token }));
  const session = requestInfo({ session: secret });
  expect(await codeOf(house.server.invoke(verbs.secrets.list, session, {}))).toBe("allowed");
  await caller.tokens.revoke({ id: details.id });
  expect(await codeOf(house.server.invoke(verbs.secrets.list, session, {}))).toBe("unauthenticated");
});

test("a session ends by the database's clock, eight hours on, and with its token if that is sooner", async () => {
  const { list, expiresAt } = await signedIn("eight");
  expect(expiresAt.getTime() - Date.now()).toBeGreaterThan(7.9 * 3600_000);
  const { caller } = await house.tenant("sooner");
  const { token } = await caller.tokens.create({ name: "hour", preset: "reader", expiresInSeconds: 3600 });
  const short = await house.server.startSession(requestInfo({ token }));
  const use = () => house.server.invoke(verbs.secrets.list, requestInfo({ session: short.secret }), {});
  try {
    await house.moveClock("59 minutes");
    expect([await codeOf(list()), await codeOf(use())]).toEqual(["allowed", "allowed"]);
    await house.moveClock("61 minutes");
    expect([await codeOf(list()), await codeOf(use())]).toEqual(["allowed", "unauthenticated"]);
    await house.moveClock("8 hours 1 minute");
    expect(await codeOf(list())).toBe("unauthenticated");
  } finally {
    await house.moveClock("0");
  }
});

test("a session starts no session", async () => {
  const { session } = await signedIn("begets");
  expect(await codeOf(house.server.startSession(session))).toBe("unauthenticated");
});

test("a session's secret is no token, and a token no session's secret", async () => {
  const { secret, token } = await signedIn("mixed");
  expect(await codeOf(house.as(secret).secrets.list({}))).toBe("unauthenticated");
  expect(await codeOf(house.server.invoke(verbs.secrets.list, requestInfo({ session: token }), {}))).toBe(
    "unauthenticated",
  );
});

test("of a session nothing is stored but a keyed digest", async () => {
  const { secret } = await signedIn("digest");
  const rows = await house.sql<{ text: string }>("SELECT s::text AS text FROM control_plane.sessions s");
  expect(JSON.stringify(rows)).not.toContain(secret);
  expect(JSON.stringify(rows)).not.toContain(Buffer.from(secret).toString("hex"));
});

test("signing out while the database is away says so, and does not pretend", async () => {
  const { session } = await signedIn("away");
  const away = new Error("connect ECONNREFUSED 127.0.0.1:1");
  const query = house.db.pool.query;
  house.db.pool.query = () => Promise.reject(Object.assign(away, { code: "ECONNREFUSED" }));
  try {
    expect(await codeOf(house.server.endSession(session))).toBe("database_unavailable");
  } finally {
    house.db.pool.query = query;
  }
});

test("a session that ends while a call of it is under way: the call is refused, and nothing of it is left", async () => {
  const { id, session, caller } = await signedIn("under-way");
  await caller.secrets.create({ name: "K", value: "not a real value" });
  const reveal = () => house.server.invoke(verbs.secrets.reveal, session, { name: "K" });
  const set = () =>
    house.server.invoke(verbs.secrets.set, session, { name: "K", value: "another, not real" });
  expect(await codeOf(reveal())).toBe("allowed");
  const [read, write] = await house.whileChainIsHeld(
    id,
    () => [codeOf(reveal()), codeOf(set())] as const,
    2,
    `UPDATE control_plane.sessions SET ended_at = control_plane.clock(), generation = generation + 1 WHERE tenant_id = '${id}'`,
  );
  expect([await read, await write]).toEqual(["unauthenticated", "unauthenticated"]);
  expect(
    (await caller.versions.list({ id: (await caller.secrets.get({ name: "K" })).id })).versions.length,
  ).toBe(1);
  const { events } = await caller.audit.list({ action: "secret.accessed", outcome: "success" });
  expect(events.length).toBe(1);
});
