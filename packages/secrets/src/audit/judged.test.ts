import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import type { KeyfoldServer } from "../server.ts";
import { type Caller, callerOf, type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

/*
 * A read is judged in its append. Here a change lines up for the tenant's chain first and the read second, which so has
 * read and opened everything before the change is done, and appends after it: as it is most of the time when two meet.
 */

let house: House;
/** Another process, that makes the changes. */
let elsewhere: KeyfoldServer;
let sequence = 0;

beforeAll(async () => {
  house = await openHouse();
  elsewhere = await house.another();
});
afterAll(async () => {
  // Whatever was done, every chain verifies.
  await house.verify().finally(() => house.close());
});

const OLD = "the old value, not real";

async function setting(readCache: boolean) {
  const slug = `judged-${++sequence}`;
  const tenant = await house.tenant(slug);
  const server = readCache ? house.server : await house.another({ readCache: false });
  const { id } = await tenant.caller.secrets.create({ name: "K", value: OLD });
  const { token, details } = await tenant.caller.tokens.create({ name: "reader", preset: "writer" });
  const reader = callerOf(server, token!);
  await reader.secrets.reveal({ id });
  await reader.secrets.reveal({ name: "K" });
  return {
    ...tenant,
    secret: id,
    reader,
    token: token!,
    tokenId: details.id,
    admin: callerOf(elsewhere, tenant.token),
  };
}
type Setting = Awaited<ReturnType<typeof setting>>;

/** How many successful reads the tenant's chain holds. */
async function reads(s: Setting): Promise<number> {
  const { events } = await house
    .as(house.operatorToken)
    .audit.list({ tenant: s.id, action: "secret.accessed", outcome: "success", limit: 500 })
    .catch(() => ({ events: [] }));
  return events.length;
}

type Step = (s: Setting) => Promise<unknown>;
const CHANGES: [what: string, change: Step, read: Step, code: string][] = [
  [
    "its token is revoked",
    (s) => s.admin.tokens.revoke({ id: s.tokenId }),
    (s) => s.reader.secrets.reveal({ id: s.secret }),
    "unauthenticated",
  ],
  [
    "the secret is deleted",
    (s) => s.admin.secrets.delete({ id: s.secret }),
    (s) => s.reader.secrets.reveal({ id: s.secret }),
    "not_found",
  ],
  [
    "the version is revoked",
    (s) => s.admin.versions.revoke({ id: s.secret, version: 1, reason: "leaked" }),
    (s) => s.reader.secrets.reveal({ id: s.secret }),
    "secret_empty",
  ],
  [
    "the version is destroyed",
    (s) => s.admin.versions.destroy({ id: s.secret, version: 1, reason: "over" }),
    (s) => s.reader.versions.reveal({ id: s.secret, version: 1 }),
    "version_destroyed",
  ],
  [
    "it is rotated with no grace",
    (s) => s.admin.secrets.rotate({ id: s.secret, value: "new", graceSeconds: 0 }),
    (s) => s.reader.versions.reveal({ id: s.secret, version: 1 }),
    "version_expired",
  ],
  [
    "it is renamed",
    (s) => s.admin.secrets.update({ id: s.secret, rename: "L" }),
    (s) => s.reader.secrets.reveal({ name: "K" }),
    "not_found",
  ],
  [
    "many are read and one is deleted",
    (s) => s.admin.secrets.delete({ id: s.secret }),
    (s) => s.reader.secrets.revealMany({ names: ["K"] }),
    "not_found",
  ],
  [
    "many are read and the token is revoked",
    (s) => s.admin.tokens.revoke({ id: s.tokenId }),
    (s) => s.reader.secrets.revealMany({ names: ["K"] }),
    "unauthenticated",
  ],
];

describe.each([
  ["a warm read", true],
  ["a cold read", false],
])("%s that was opened before and is told after", (_, readCache) => {
  test.each(CHANGES)("%s: is refused, and no success is told", async (_what, change, read, code) => {
    const s = await setting(readCache);
    const before = await reads(s);
    const [changed, refused] = await house.inLine(s.id, [() => codeOf(change(s)), () => codeOf(read(s))]);
    expect([changed, refused]).toEqual(["allowed", code]);
    expect(await reads(s)).toBe(before);
  });

  test("its tenant is deleted: is refused", async () => {
    const s = await setting(readCache);
    const operator = callerOf(elsewhere, house.operatorToken);
    const [changed, refused] = await house.inLine(s.id, [
      () => codeOf(operator.tenants.delete({ tenant: s.id })),
      () => codeOf(s.reader.secrets.reveal({ id: s.secret })),
    ]);
    expect([changed, refused]).toEqual(["allowed", "unauthenticated"]);
  });

  test("it is rotated: gives the new value, with one event, for the new version", async () => {
    const s = await setting(readCache);
    const before = await reads(s);
    const [, read] = await house.inLine<unknown>(s.id, [
      () => s.admin.secrets.rotate({ id: s.secret, value: "the new value, not real" }),
      () => s.reader.secrets.reveal({ id: s.secret }),
    ]);
    expect(read).toMatchObject({ version: 2, value: "the new value, not real" });
    expect(await reads(s)).toBe(before + 1);
  });

  test("the deadline of its grace passes while it waits: is refused", async () => {
    const s = await setting(readCache);
    await s.admin.secrets.rotate({ id: s.secret, value: "new", graceSeconds: 3600 });
    for (let i = 0; i < 2; i++) await s.reader.versions.reveal({ id: s.secret, version: 1 });
    const before = await reads(s);
    try {
      const read = await house.whileChainIsHeld(
        s.id,
        () => [codeOf(s.reader.versions.reveal({ id: s.secret, version: 1 }))],
        1,
        `CREATE OR REPLACE FUNCTION control_plane.clock() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = ''
           RETURN date_trunc('milliseconds', clock_timestamp()) + interval '2 hours'`,
      );
      expect(await read[0]).toBe("version_expired");
    } finally {
      await house.moveClock("0");
    }
    expect(await reads(s)).toBe(before);
  });
});

test("a change whose token is revoked while it waits changes nothing", async () => {
  const s = await setting(true);
  for (const [name, change] of Object.entries({
    set: (c: Caller) => c.secrets.set({ name: "NEW", value: "x" }),
    update: (c: Caller) => c.secrets.update({ id: s.secret, description: "changed" }),
    setMany: (c: Caller) => c.secrets.setMany({ items: [{ name: "NEW", value: "x" }] }),
  })) {
    const { token, details } = await s.admin.tokens.create({ name, preset: "writer" });
    const outcomes = await house.inLine(s.id, [
      () => codeOf(s.admin.tokens.revoke({ id: details.id })),
      () => codeOf(change(house.as(token))),
    ]);
    expect(outcomes, name).toEqual(["allowed", "unauthenticated"]);
  }
  const { secrets } = await s.admin.secrets.list({});
  expect(secrets.map((x) => [x.name, x.description])).toEqual([["K", ""]]);
});

test("a session is not started by a token that is revoked meanwhile", async () => {
  const s = await setting(true);
  const outcomes = await house.inLine(s.id, [
    () => codeOf(s.admin.tokens.revoke({ id: s.tokenId })),
    () => codeOf(house.server.startSession(requestInfo({ token: s.token }))),
  ]);
  expect(outcomes).toEqual(["allowed", "unauthenticated"]);
  expect(await house.sql("SELECT 1 FROM control_plane.sessions WHERE token_id = $1", [s.tokenId])).toEqual(
    [],
  );
});

test("a tenant that changes all the time is read all the same", async () => {
  const s = await setting(false);
  let changing = true;
  const changes = (async () => {
    for (let i = 0; changing; i++) await s.admin.secrets.set({ name: "BUSY", value: `${i}` });
  })();
  for (let i = 0; i < 10; i++) {
    expect((await s.reader.secrets.reveal({ id: s.secret })).value).toBe(OLD);
    expect((await s.reader.secrets.list({ prefix: "K" })).secrets.length).toBe(1);
  }
  changing = false;
  await changes;
});

describe("where the event cannot be stored", () => {
  const CASES = [
    ["P0001", "audit_unavailable"],
    ["XX000", "audit_unavailable"],
    ["KF403", "audit_unavailable"],
    ["23514", "audit_unavailable"],
    ["42501", "audit_unavailable"],
    ["53100", "database_full"],
    ["57014", "database_slow"],
    ["57P01", "database_unavailable"],
  ] as const;

  test.each(CASES)("for the reason %s, nothing is read, changed or begun: %s", async (state, code) => {
    const s = await setting(false);
    const warm = house.as(s.token);
    await warm.secrets.reveal({ id: s.secret });
    const session = requestInfo({
      session: (await house.server.startSession(requestInfo({ token: s.token }))).secret,
    });
    await house.sql(
      `CREATE OR REPLACE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'canary in a driver''s message' USING ERRCODE = '${state}'; END $$`,
    );
    await house.sql(
      `CREATE TRIGGER refuse BEFORE INSERT ON control_plane.audit_batches FOR EACH ROW WHEN (NEW.chain_id = '${s.id}') EXECUTE FUNCTION public.refuse()`,
    );
    const refused = await Promise.all(
      [
        warm.secrets.reveal({ id: s.secret }),
        s.reader.secrets.reveal({ id: s.secret }),
        s.reader.secrets.revealMany({ names: ["K"] }),
        s.reader.secrets.list({}),
        s.reader.secrets.set({ name: "NEW", value: "x" }),
        s.reader.secrets.rotate({ id: s.secret, value: "x" }),
        house.as(s.token).secrets.delete({ id: s.secret }),
        callerOf(house.server, s.token).versions.destroy({ id: s.secret, version: 1, reason: "x" }),
        house.server.startSession(requestInfo({ token: s.token })),
        house.server.endSession(session),
      ].map(codeOf),
    );
    await house.sql("DROP TRIGGER refuse ON control_plane.audit_batches");
    expect(new Set(refused)).toEqual(new Set([code]));
    expect(house.logged.join("\n")).not.toContain("canary in a driver");
    expect(await house.as(s.token).secrets.reveal({ id: s.secret })).toMatchObject({
      value: OLD,
      version: 1,
    });
    expect((await s.admin.secrets.list({})).secrets.map((x) => x.name)).toEqual(["K"]);
    expect(await codeOf(house.server.invoke(verbs.secrets.list, session, {}))).toBe("allowed");
  });
});
