import { decodeBodies, decodeEvent } from "@keyfold/ledger";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

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

const sweep = () => house.server.jobs.find((job) => job.name === "graces.settle")!.run();

async function secret(facts: { graceSeconds?: number; keepVersions?: number } = {}, by = caller) {
  const name = `S${++sequence}`;
  const { id } = await by.secrets.create({ name, value: "value 1", ...facts });
  await by.secrets.rotate({ id, value: "value 2" });
  return id;
}
const first = async (id: string) => (await caller.versions.list({ id })).versions.at(-1)!;

/** What the chain tells of a secret beside what its callers did. */
async function told(id: string) {
  const rows = await house.sql<{ bodies: Buffer }>(
    "SELECT bodies FROM control_plane.audit_batches WHERE chain_id = $1 ORDER BY number",
    [tenantId],
  );
  return rows
    .flatMap((row) => decodeBodies(row.bodies).map(decodeEvent))
    .filter((event) => event.target?.id === id && event.actor.type === "job")
    .map((event) => [event.action, event.target?.version, event.details.became ?? null]);
}
const messages = async (id: string) =>
  (
    await house.sql<{ kind: string; data: object }>(
      "SELECT kind, data FROM control_plane.tenant_messages WHERE secret_id = $1 AND kind LIKE 'secret.grace%' ORDER BY batch, item",
      [id],
    )
  ).map(({ kind, data }) => [kind, data]);

test("H6: the old version opens for 24 hours, readers are warned an hour before, then it is refused and destroyed", async () => {
  const id = await secret();
  const { openUntil } = await first(id);
  await house.moveClock("22 hours 59 minutes");
  await sweep();
  expect(await told(id)).toEqual([]);
  await house.moveClock("23 hours 1 minute");
  await sweep();
  await sweep();
  expect(await told(id)).toEqual([["version.grace_ending", 1, null]]);
  expect((await caller.versions.reveal({ id, version: 1 })).value).toBe("value 1");
  await house.moveClock("24 hours 1 minute");
  // Late as it may be, the version is refused.
  expect(await codeOf(caller.versions.reveal({ id, version: 1 }))).toBe("version_expired");
  await sweep();
  await sweep();
  expect(await told(id)).toEqual([
    ["version.grace_ending", 1, null],
    ["version.grace_ended", 1, "destroyed"],
  ]);
  expect(await codeOf(caller.versions.reveal({ id, version: 1 }))).toBe("version_destroyed");
  expect(await messages(id)).toEqual([
    ["secret.grace_ending", { version: 1, open_until: openUntil, current_version: 2 }],
    ["secret.grace_ended", { version: 1 }],
  ]);
  const [row] = await house.sql(
    "SELECT sealed IS NULL AND dek_wrap IS NULL AND digest IS NULL AS erased FROM control_plane.sealed_values WHERE tenant_id = $1 AND secret_id = $2 AND number = 1",
    [tenantId, id],
  );
  expect(row).toEqual({ erased: true });
  expect((await caller.secrets.reveal({ id })).value).toBe("value 2");
});

test("a version is kept at its grace's end where its secret says so, and who extended a grace is warned anew", async () => {
  const id = await secret({ graceSeconds: 3000, keepVersions: 1 });
  await sweep();
  await caller.versions.extendGrace({ id, version: 1, seconds: 5400, reason: "not yet" });
  await sweep();
  await house.moveClock("31 minutes");
  await sweep();
  await house.moveClock("91 minutes");
  await sweep();
  expect(await told(id)).toEqual([
    ["version.grace_ending", 1, null],
    ["version.grace_ending", 1, null],
    ["version.grace_ended", 1, "kept"],
  ]);
  expect(await first(id)).toMatchObject({ state: "kept", opens: false });
  expect((await caller.secrets.rollBack({ id, to: 1 })).secret.version).toBe(3);
});

test("the sweep takes versions of deleted secrets, and of what is pending, revoked or current none", async () => {
  const deleted = await secret();
  await caller.secrets.delete({ id: deleted });
  const revoked = await secret();
  await caller.versions.revoke({ id: revoked, version: 1, reason: "leaked" });
  const pending = await secret();
  await caller.versions.prepare({ id: pending, value: "value 3" });
  await house.moveClock("29 days");
  await sweep();
  await caller.secrets.restore({ id: deleted });
  expect((await first(deleted)).state).toBe("destroyed");
  expect((await first(revoked)).state).toBe("revoked");
  expect((await caller.versions.list({ id: pending })).versions.map((v) => v.state)).toEqual([
    "pending",
    "current",
    "destroyed",
  ]);
});

test("swept by two processes at once, each version is settled once", async () => {
  const other = await house.another();
  const ids = await Promise.all(Array.from({ length: 12 }, () => secret({ graceSeconds: 60 })));
  await house.moveClock("2 minutes");
  await Promise.all(
    [house.server, other, house.server].map((server) =>
      server.jobs.find((job) => job.name === "graces.settle")!.run(),
    ),
  );
  for (const id of ids) expect(await told(id)).toEqual([["version.grace_ended", 1, "destroyed"]]);
});

test("a row that was edited keeps nobody else's from being settled, and the operator's log tells of it", async () => {
  const edited = await secret({ graceSeconds: 60 });
  const sound = await secret({ graceSeconds: 60 });
  await house.tamper("UPDATE control_plane.versions SET reason = 'x' WHERE secret_id = $1 AND number = 1", [
    edited,
  ]);
  const before = house.logged.length;
  await house.moveClock("2 minutes");
  await sweep();
  expect((await first(sound)).state).toBe("destroyed");
  expect(house.logged.slice(before).join("\n")).toContain("integrity_failed");
  await house.tamper("UPDATE control_plane.versions SET reason = NULL WHERE secret_id = $1 AND number = 1", [
    edited,
  ]);
  await sweep();
  expect((await first(edited)).state).toBe("destroyed");
});

test("settling what has ended by time leaves warm reads warm", async () => {
  const reading = await secret();
  const { token } = await caller.tokens.create({ name: "reader", preset: "reader" });
  const reader = house.as(token);
  const ended = await secret({ graceSeconds: 60 });
  await reader.secrets.reveal({ id: reading });
  const epoch = async () =>
    (await house.sql<{ epoch: string }>("SELECT control_plane.epoch_of($1) AS epoch", [tenantId]))[0]!.epoch;
  const before = await epoch();
  await house.moveClock("2 minutes");
  await sweep();
  expect((await told(ended)).map(([action]) => action)).toEqual(["version.grace_ended"]);
  expect(await epoch()).toBe(before);
});

test("graces that end in the same minute, more than one look finds, are all settled by one run", {
  timeout: 120_000,
}, async () => {
  const many = 600;
  await Promise.all(
    Array.from({ length: 8 }, async (_, worker) => {
      for (let i = worker; i < many / 100; i += 8) {
        const items = Array.from({ length: 100 }, (_, n) => ({ name: `M${i}-${n}`, value: "value 1" }));
        await caller.secrets.setMany({ items });
        await caller.secrets.setMany({ items: items.map(({ name }) => ({ name, value: "value 2" })) });
      }
    }),
  );
  await house.moveClock("25 hours");
  await sweep();
  const [left] = await house.sql<{ n: number }>(
    "SELECT count(*)::int AS n FROM control_plane.versions WHERE state = 'grace' AND tenant_id = $1",
    [tenantId],
  );
  expect(left!.n).toBe(0);
});
