import { decodeNoteKey, verifyExport } from "@keyfold/ledger";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterEach(() => house.moveClock("0"));
afterAll(async () => {
  await house.verify().finally(() => house.close());
});

type Caller = ReturnType<House["as"]>;
async function exported(caller: Caller, input: { deployment?: boolean } = {}) {
  await house.server.makeCheckpoint();
  const { lines } = await caller.audit.export(input);
  return { lines, checkpoint: lines[1]! };
}
const kept = async (chain: string) =>
  (
    await house.sql<{ number: string; kept: boolean; leaves: number }>(
      "SELECT number, bodies IS NOT NULL AS kept, octet_length(leaves) AS leaves FROM control_plane.audit_batches WHERE chain_id = $1 ORDER BY number",
      [chain],
    )
  ).map((row) => row.kept);

test("old events below an exported checkpoint go, younger ones and those above it stay, and the chain verifies as before", async () => {
  const { id, caller } = await house.tenant("pruned");
  await caller.secrets.create({ name: "K", value: "not a real value" });
  const before = await exported(caller);
  const covered = (await kept(id)).length;
  await caller.secrets.reveal({ name: "K" });
  expect(await caller.audit.prune({ checkpoint: before.checkpoint, olderThanDays: 30 })).toEqual({
    batches: 0,
    more: false,
  });
  await house.moveClock("31 days");
  const { batches, more } = await caller.audit.prune({ checkpoint: before.checkpoint, olderThanDays: 30 });
  expect(more).toBe(false);
  const after = await kept(id);
  // What the checkpoint covers is what was there when it was signed: the export's own event is above it.
  expect(batches).toBe(covered - 1);
  expect(after.slice(0, batches).every((is) => !is)).toBe(true);
  expect(after.slice(batches).every((is) => is)).toBe(true);

  const { lines } = await exported(caller);
  const key = decodeNoteKey((await caller.audit.checkpoint({})).publicKey);
  const found = verifyExport(
    lines.map((line) => Buffer.from(line)),
    { key },
  );
  expect(found).toMatchObject({ ok: true, level: "signed" });
  const [event] = (await caller.audit.list({ action: "audit.pruned" })).events;
  expect(event).toMatchObject({ outcome: "success", details: { batches } });
  expect((await caller.audit.list({ action: "secret.created" })).events).toEqual([]);
  // The older export still holds what they were.
  expect(before.lines.some((line) => line.startsWith('{"action":"secret.created"'))).toBe(true);
});

test("without a checkpoint that this deployment signed over this chain nothing goes", async () => {
  const { id, caller } = await house.tenant("unproven");
  const { caller: other } = await house.tenant("other");
  const mine = await exported(caller);
  const theirs = await exported(other);
  await house.moveClock("400 days");
  const parsed = JSON.parse(mine.checkpoint);
  const proof = parsed.checkpoint;
  const edited = (over: object, head: object = {}) =>
    JSON.stringify({ checkpoint: { ...proof, ...over, head: { ...proof.head, ...head } } });
  for (const checkpoint of [
    theirs.checkpoint,
    mine.lines[0]!,
    "{",
    "null",
    "[]",
    '{"checkpoint":{}}',
    edited({}, { batches: proof.head.batches + 1 }),
    edited({}, { hash: "00".repeat(32) }),
    edited({}, { index: (proof.head.index + 1) % proof.chains }),
    edited({ note: proof.note.replace(/\n— .*$/s, "\n") }),
    edited({ chains: proof.chains + 1 }),
  ])
    expect(await codeOf(caller.audit.prune({ checkpoint })), checkpoint.slice(-60)).toBe("bad_input");
  expect((await kept(id)).every((is) => is)).toBe(true);
  for (const olderThanDays of [29, 0, -1, 1.5])
    expect(await codeOf(caller.audit.prune({ checkpoint: mine.checkpoint, olderThanDays }))).toBe(
      "bad_input",
    );
});

test("a chain that is not what the checkpoint says is not pruned, but named", async () => {
  const { id, caller } = await house.tenant("edited");
  const { checkpoint } = await exported(caller);
  const { head } = JSON.parse(checkpoint).checkpoint;
  await house.moveClock("400 days");
  const shift = (by: number) =>
    house.tamper(
      "UPDATE control_plane.audit_batches SET first_seq = first_seq + $3 WHERE chain_id = $1 AND number = $2",
      [id, head.batches, by],
    );
  await shift(5);
  try {
    expect(await codeOf(caller.audit.prune({ checkpoint }))).toBe("integrity_failed");
  } finally {
    await shift(-5);
  }
});

test("operators prune the deployment's own chain, and nobody else does", async () => {
  const operator = house.as(house.operatorToken);
  const { caller } = await house.tenant("no-operator");
  const { checkpoint } = await exported(operator, { deployment: true });
  await house.moveClock("400 days");
  expect(await codeOf(caller.audit.prune({ deployment: true, checkpoint }))).toBe("forbidden");
  const chain = house.server.deployment.id;
  const count = (await kept(chain)).filter((is) => is).length;
  const later = await house.another({ clock: () => new Date(Date.now() + 400 * 86_400_000) });
  const { verbs } = await import("../router/verbs.ts");
  const { requestInfo } = await import("../router/context.ts");
  const request = requestInfo({ token: house.operatorToken });
  const { batches } = await later.invoke(verbs.audit.prune, request, { deployment: true, checkpoint });
  expect(batches).toBeGreaterThan(0);
  expect((await kept(chain)).filter((is) => is).length).toBe(count - batches + 1);
});
