import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { personOf } from "../testing/person.ts";
import { codeOf } from "../testing/refusal.ts";

/*
 * What a restore brings back from before. A backup is stood in for by copies of all tables, put back where they were.
 */

let house: House;
let operator: Caller;
let journal: string;
beforeEach(async () => {
  journal = "";
  house = await openHouse({
    journal: {
      async append(lines) {
        journal += lines;
      },
    },
  });
  operator = house.as(house.operatorToken);
});
afterEach(() => house.close());

const tables = async () =>
  (
    await house.sql<{ name: string; columns: string }>(
      `SELECT c.relname AS name, (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
         FROM pg_class c WHERE c.relnamespace = 'control_plane'::regnamespace AND c.relkind = 'r' AND c.relname <> 'restores'`,
    )
  ).sort((a, b) => a.name.localeCompare(b.name));

async function backUp(): Promise<void> {
  await house.sql("CREATE SCHEMA backup");
  for (const { name } of await tables())
    await house.sql(`CREATE TABLE backup.${name} AS SELECT * FROM control_plane.${name}`);
}

/** Puts the rows back and ends the restore. */
async function restore(text: string | null = journal) {
  for (const { name, columns } of await tables()) {
    await house.tamper(`DELETE FROM control_plane.${name}`);
    await house.tamper(
      `INSERT INTO control_plane.${name} (${columns}) SELECT ${columns} FROM backup.${name}`,
    );
  }
  await house.sql(
    `INSERT INTO control_plane.restores (number, backup, backup_at, started_at)
       VALUES (1, $1, control_plane.clock(), control_plane.clock())`,
    [randomUUID()],
  );
  return house.server.finishRestore({ pushed: null, journal: text });
}

test("who was removed after the backup is removed again, and so is who was given less", async () => {
  const { id, caller } = await house.tenant("people");
  const join = async (role: string) => {
    const one = await personOf(house.server, id);
    await caller.members.add({ personId: one.id, name: role, grants: [{ role }] });
    return one;
  };
  const [owner, gone, less, more] = [
    await join("owner"),
    await join("admin"),
    await join("admin"),
    await join("viewer"),
  ] as const;
  await backUp();
  await owner.caller.members.remove({ personId: gone.id });
  await owner.caller.members.change({ personId: less.id, grants: [{ role: "viewer" }] });
  await owner.caller.members.change({ personId: more.id, grants: [{ role: "developer" }] });
  await restore();
  const back = await caller.members.list({});
  expect(back.members.map(({ personId }) => personId).sort()).toEqual([owner.id, more.id].sort());
  expect(await codeOf(gone.caller.secrets.list({}))).toBe("unauthenticated");
});

const waiting = async (slug: string) => {
  const made = await house.tenant(slug);
  await made.caller.secrets.create({ name: "A", value: "sk_test_not_a_real_key" });
  await operator.shreds.request({ tenant: made.id, confirm: slug, reason: "they left" });
  await made.caller.shreds.agree({ confirm: slug });
  return made;
};

test("a shredding that was cancelled after the backup destroys nothing when its old due date has passed", async () => {
  const { id, slug, caller } = await waiting("acme");
  await backUp();
  await operator.shreds.cancel({ tenant: id, reason: "they stay" });
  await house.moveClock("30 days");
  expect(await restore()).toMatchObject({ waits: 1 });
  expect(await operator.shreds.run({})).toEqual({ shreds: [] });
  expect((await caller.secrets.reveal({ name: "A" })).value).toBe("sk_test_not_a_real_key");
  // Its wait runs anew, for whoever wants to cancel it once more.
  const shred = await operator.shreds.status({ tenant: slug });
  expect(shred).toMatchObject({
    state: "waiting",
    requestedBy: { type: "operator" },
    agreedBy: { type: "service_token" },
  });
  expect(Date.parse(shred.dueAt!) - Date.parse(shred.agreedAt!)).toBe(shred.waitSeconds * 1000);
  await operator.shreds.cancel({ tenant: id, reason: "they stay" });
  expect((await house.verify()).get(id)).toBeGreaterThan(0);
});

test("a shredding whose keys were destroyed after the backup is ended, and waits for nothing", async () => {
  const { id } = await waiting("acme");
  await backUp();
  await house.moveClock("8 days");
  expect(await operator.shreds.run({})).toMatchObject({ shreds: [{ tenant: id, state: "shredded" }] });
  expect(await restore()).toMatchObject({ waits: 0 });
  expect(await operator.shreds.run({})).toMatchObject({ shreds: [{ tenant: id, state: "shredded" }] });
  expect(await house.sql("SELECT 1 FROM control_plane.sealed_values WHERE tenant_id = $1", [id])).toEqual([]);
});

test("a wait that runs anew is begun once, however often the restore is cut short", async () => {
  const { id } = await waiting("acme");
  await backUp();
  await restore();
  const first = await operator.shreds.status({ tenant: id });
  await house.sql("UPDATE control_plane.restores SET finished_at = NULL, cursor = NULL");
  await house.server.finishRestore({ pushed: null, journal: null });
  expect(await operator.shreds.status({ tenant: id })).toEqual(first);
});

test("webhooks that were deleted, policies that were removed and graces that were ended after the backup end again", async () => {
  const { caller } = await house.tenant("acme");
  const { id } = await caller.secrets.create({ name: "A", value: "one" });
  await caller.secrets.rotate({ id, value: "two", graceSeconds: 86_400 });
  const { endpoint } = await caller.webhooks.create({ url: "https://hooks.example.com/" });
  await caller.rotation.setPolicy({ id, rotator: { kind: "api-key", config: {} } });
  await backUp();
  await caller.webhooks.delete({ id: endpoint.id });
  await caller.rotation.removePolicy({ id });
  await caller.versions.endGrace({ id, version: 1, reason: "leaked" });
  const { replayed } = await restore();
  expect(replayed).toMatchObject({ done: 3 });
  expect((await caller.webhooks.list({})).endpoints).toEqual([]);
  expect(await codeOf(caller.rotation.getPolicy({ id }))).toBe("not_found");
  expect(await codeOf(caller.versions.reveal({ id, version: 1 }))).toBe("version_destroyed");
});
