import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../testing/house.ts";

/*
 * The states' table in docs/rotation.md, held against the database: every way between two states is tried in plain SQL, by
 * the application's role, with everything else about the row in order.
 */
const STATES = ["pending", "current", "grace", "kept", "revoked", "destroyed"] as const;
type State = (typeof STATES)[number];

const page = readFileSync(new URL("../../../../docs/rotation.md", import.meta.url), "utf8");
const documented = [...page.matchAll(/^\| (\w+) \| (\w+) \| (?:`|the end|a newer)/gm)].map(
  ([, from, to]) => `${from} → ${to}`,
);

let house: House;
let tenant: string;
let caller: Caller;
let app: pg.Client;
let sequence = 0;
beforeAll(async () => {
  house = await openHouse();
  ({ id: tenant, caller } = await house.tenant("acme"));
  app = new pg.Client({ connectionString: house.database.url });
  await app.connect();
});
afterAll(async () => {
  await app.end();
  await house.close();
});

/** A secret whose version 1 (or 2, a pending one) is in this state. */
async function versionIn(state: State): Promise<{ id: string; number: number }> {
  const { id } = await caller.secrets.create({ name: `S${++sequence}`, value: "one", keepVersions: 1 });
  if (state === "current") return { id, number: 1 };
  if (state === "pending")
    return { id, number: (await caller.versions.prepare({ id, value: "two" })).version };
  await caller.secrets.rotate({ id, value: "two" });
  const one = { id, version: 1, reason: "a test" };
  if (state === "kept") await caller.versions.endGrace(one);
  if (state === "revoked") await caller.versions.revoke(one);
  if (state === "destroyed") await caller.versions.destroy(one);
  expect((await caller.versions.list({ id })).versions[1]).toMatchObject({ version: 1, state });
  return { id, number: 1 };
}

/** Runs SQL as the application, in the tenant, and undoes it; answers its SQLSTATE, or "done". */
async function tried(...statements: [sql: string, params: unknown[]][]): Promise<string> {
  await app.query("BEGIN");
  try {
    await app.query("SELECT set_config('keyfold.tenant', $1, true)", [tenant]);
    let rows = 0;
    for (const [sql, params] of statements) rows = (await app.query(sql, params)).rowCount ?? 0;
    return rows === 0 ? "no row" : "done";
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await app.query("ROLLBACK");
  }
}

const update = (id: string, number: number, set: string): [string, unknown[]] => [
  `UPDATE control_plane.versions SET ${set}, generation = generation + 1 WHERE secret_id = $1 AND number = $2`,
  [id, number],
];
const erase = (id: string, number: number): [string, unknown[]] => [
  `UPDATE control_plane.sealed_values SET sealed = NULL, dek_wrap = NULL, digest = NULL, replaces = sha256(sealed || dek_wrap),
     generation = generation + 1 WHERE secret_id = $1 AND number = $2 AND sealed IS NOT NULL`,
  [id, number],
];
const CLOCK = "control_plane.clock()";
const AS: Record<State, string> = {
  pending: "state = 'pending'",
  current: "state = 'current'",
  grace: `state = 'grace', open_until = ${CLOCK} + interval '1 hour'`,
  kept: `state = 'kept', open_until = ${CLOCK}`,
  revoked: `state = 'revoked', revoked_at = ${CLOCK}`,
  destroyed: `state = 'destroyed', destroyed_at = ${CLOCK}`,
};

describe("between a version's states", () => {
  const pairs = STATES.flatMap((from) => STATES.filter((to) => to !== from).map((to) => [from, to] as const));

  test.each(pairs)("%s → %s: as docs/rotation.md says", async (from, to) => {
    const { id, number } = await versionIn(from);
    const makesRoom: [string, unknown[]][] =
      to === "current" && from === "pending" ? [update(id, number - 1, AS.grace)] : [];
    const erased: [string, unknown[]][] = to === "destroyed" ? [erase(id, number)] : [];
    const outcome = await tried(...makesRoom, ...erased, update(id, number, AS[to]));
    expect(outcome).toBe(documented.includes(`${from} → ${to}`) ? "done" : "KF403");
  });

  test("the page names no way twice, and none that is not there", () => {
    expect(new Set(documented).size).toBe(documented.length);
    expect(documented).toHaveLength(11);
  });
});

test("a pending version becomes current over the version that it was based on, and over no other", async () => {
  const { id, number } = await versionIn("pending");
  await caller.secrets.rotate({ id, value: "three" });
  expect(await tried(update(id, 3, AS.grace), update(id, number, AS.current))).toBe("KF403");
});

test("a pending version is set at its target once, and then not destroyed without a reason", async () => {
  const { id, number } = await versionIn("pending");
  await caller.versions.markSet({ id, version: number });
  expect(await tried(update(id, number, "set_at = NULL"))).toBe("KF403");
  expect(await tried(update(id, number, `set_at = ${CLOCK} + interval '1 day'`))).toBe("KF403");
  expect(await tried(erase(id, number), update(id, number, AS.destroyed))).toBe("KF403");
  expect(
    await tried(erase(id, number), update(id, number, `${AS.destroyed}, end_reason = 'asked for'`)),
  ).toBe("done");
  const current = await versionIn("current");
  expect(await tried(update(current.id, 1, `set_at = ${CLOCK}`))).toBe("KF403");
});

test("a grace that has ended is not extended, and none becomes held on its way", async () => {
  const { id } = await versionIn("grace");
  const later = `open_until = ${CLOCK} + interval '89 days'`;
  expect(await tried(update(id, 1, later))).toBe("done");
  expect(await tried(update(id, 1, "held = true"))).toBe("KF403");
  expect(await tried(update(id, 1, `state = 'kept', held = true, open_until = ${CLOCK}`))).toBe("23514");
  expect(await tried(update(id, 1, "state = 'kept'"))).toBe("KF403");
  await house.moveClock("25 hours");
  expect(await tried(update(id, 1, later))).toBe("KF403");
  expect(await tried(update(id, 1, "state = 'kept'"))).toBe("done");
  await house.moveClock("0");
});

test("a deleted secret gets no version, does not change, and is not restored after its last day", async () => {
  const { id, number } = await versionIn("pending");
  await caller.secrets.delete({ id });
  expect(await tried(update(id, 1, AS.grace), update(id, number, AS.current))).toBe("KF403");
  const secret = (set: string): [string, unknown[]] => [
    `UPDATE control_plane.secrets SET ${set}, generation = generation + 1 WHERE id = $1`,
    [id],
  ];
  expect(await tried(secret("name = 'other'"))).toBe("KF403");
  expect(await tried(secret(`purge_after = ${CLOCK} + interval '90 days'`))).toBe("KF403");
  const restored = secret("state = 'live', deleted_at = NULL, purge_after = NULL");
  expect(await tried(restored)).toBe("done");
  await house.moveClock("31 days");
  expect(await tried(restored)).toBe("KF403");
  await house.moveClock("0");
});
