import { createHash, randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
let operator: Caller;
let root: string;
beforeEach(async () => {
  house = await openHouse();
  operator = house.as(house.operatorToken);
  root = (await house.provider.current()).id;
});
afterEach(() => house.close());

const sha = (code: string) => createHash("sha256").update(code).digest("hex");
const note = (recipients: Record<string, string>, rootKeys: Record<string, string> = { [root]: "local" }) =>
  house.server.noteKeyBackup({ id: randomUUID(), rootKeys, recipients });
const backup = async () => (await operator.keys.status({})).backup;

test("a key bundle counts once every recipient has proved that they opened it", async () => {
  expect(await backup()).toBeNull();
  await note({ aaaa: sha("one"), bbbb: sha("two") });
  expect(await backup()).toMatchObject({ state: "unconfirmed", rootKeys: [root] });
  expect(await codeOf(house.server.confirmKeyBackup(sha("three")))).toBe("not_found");
  expect(await house.server.confirmKeyBackup(sha("two"))).toEqual({ confirmed: "bbbb", waiting: ["aaaa"] });
  expect(await house.server.confirmKeyBackup(sha("two"))).toEqual({ confirmed: "bbbb", waiting: ["aaaa"] });
  expect((await backup())!.state).toBe("unconfirmed");
  expect(await house.server.confirmKeyBackup(sha("one"))).toEqual({ confirmed: "aaaa", waiting: [] });
  expect(await backup()).toMatchObject({
    state: "confirmed",
    recipients: [
      { fingerprint: "aaaa", confirmedAt: expect.any(String) },
      { fingerprint: "bbbb", confirmedAt: expect.any(String) },
    ],
  });
  const { events } = await operator.audit.list({ deployment: true, action: "key" });
  const told = events.filter(({ action }) => action.startsWith("key.backup"));
  expect(told.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
    "key.backup_confirmed success",
    "key.backup_confirmed success",
    "key.backup_confirmed success",
    "key.backup_confirmed not_found",
    "key.backup_made success",
  ]);
});

test("a newer bundle has to be confirmed anew, and the codes of older ones are worth nothing", async () => {
  await note({ aaaa: sha("one") });
  await house.server.confirmKeyBackup(sha("one"));
  await house.moveClock("1 minute");
  await note({ aaaa: sha("two") });
  expect((await backup())!.state).toBe("unconfirmed");
  expect(await codeOf(house.server.confirmKeyBackup(sha("one")))).toBe("not_found");
});

test("a bundle that lacks the current root key is no backup any more", async () => {
  await note({ aaaa: sha("one") }, { "local:0000000000000000": "local" });
  await house.server.confirmKeyBackup(sha("one"));
  expect((await backup())!.state).toBe("outdated");
});

test("a database writer who swaps a recipient, or confirms for one, is refused and named, in the audit log too", async () => {
  await note({ aaaa: sha("one") });
  const [row] = await house.sql<{ id: string; recipients: string; confirmed: string }>(
    "SELECT id, recipients::text, confirmed::text FROM control_plane.key_backups",
  );
  const named = {
    outcome: "error",
    details: { code: "integrity_failed", row: "keyBackups", rowId: row!.id },
  };
  for (const set of [
    `recipients = '{"cccc":"${sha("mine")}"}'`,
    `recipients = '{"aaaa":"${sha("mine")}"}'`,
    `confirmed = '{"aaaa":"2026-01-01T00:00:00.000Z"}'`,
    `root_keys = '{"local:0000000000000000":"local"}'`,
    "made_at = made_at + interval '1 day'",
  ]) {
    await house.tamper(`UPDATE control_plane.key_backups SET ${set}`);
    expect(await codeOf(backup()), set).toBe("integrity_failed");
    expect(await codeOf(house.server.confirmKeyBackup(sha("mine"))), set).toBe("integrity_failed");
    expect(house.logged.join("\n")).toContain("keyBackups");
    const { events } = await operator.audit.list({ deployment: true, action: "key", limit: 2 });
    expect(events, set).toMatchObject([
      { ...named, action: "key.backup_confirmed", actor: { name: "host" } },
      { ...named, action: "key.listed", actor: { type: "operator" } },
    ]);
    await house.tamper(
      `UPDATE control_plane.key_backups SET recipients = $1::jsonb, confirmed = $2::jsonb, root_keys = $3::jsonb, made_at = CASE WHEN $4 THEN made_at - interval '1 day' ELSE made_at END`,
      [row!.recipients, row!.confirmed, JSON.stringify({ [root]: "local" }), set.startsWith("made_at")],
    );
  }
  expect((await backup())!.state).toBe("unconfirmed");
});
