import { decodeNoteKey, type HeadProof, headProofOf, openCheckpoint, verifyExport } from "@keyfold/ledger";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf, refusalOf } from "../testing/refusal.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

type Caller = ReturnType<House["as"]>;

async function exported(
  caller: Caller,
  input: { tenant?: string; deployment?: boolean; since?: string } = {},
) {
  const lines: string[] = [];
  let pages = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await caller.audit.export({ ...input, ...(cursor === undefined ? {} : { cursor }) });
    lines.push(...page.lines);
    pages++;
    if (page.nextCursor === null) return { lines, pages };
    cursor = page.nextCursor;
  }
}
const verified = (lines: readonly string[], outside = {}) =>
  verifyExport(
    lines.map((line) => Buffer.from(line)),
    outside,
  );

test("a chain's export verifies without the database, up to the checkpoint as proven", async () => {
  const { id, caller } = await house.tenant("acme");
  await caller.secrets.set({ name: "K", value: "sk_test_not_a_real_key" });
  await caller.secrets.reveal({ name: "K" });
  await house.server.makeCheckpoint();
  const { publicKey } = await caller.audit.checkpoint({});
  await caller.secrets.reveal({ name: "K" });
  const { lines } = await exported(caller);
  expect(lines.join("\n")).not.toContain("sk_test");
  const found = verified(lines, { key: decodeNoteKey(publicKey) });
  expect(found).toMatchObject({
    ok: true,
    level: "signed",
    chain: id,
    deployment: house.server.deployment.id,
  });
  if (!found.ok) throw new Error(found.sentence);
  expect(found.provenEvents).toBeGreaterThan(2);
  expect(found.events).toBeGreaterThan(found.provenEvents);
  expect(lines.filter((line) => line.startsWith('{"action":"secret.accessed"'))).toHaveLength(2);
});

test("more than nine batches on a page come in their order, as numbers and not as text", async () => {
  const { caller } = await house.tenant("ten-batches");
  for (let i = 0; i < 12; i++) await caller.secrets.create({ name: `K${i}`, value: "not real" });
  const { lines, pages } = await exported(caller);
  expect(pages).toBe(1);
  const batches = lines.filter((line) => line.startsWith('{"batch":')).map((line) => JSON.parse(line).batch);
  expect(batches.length).toBeGreaterThan(12);
  expect(batches.map(({ number }) => number)).toEqual(batches.map((_, index) => index + 1));
  expect(verified(lines)).toMatchObject({ ok: true });
});

test("a chain of many pages is one file, and what comes after the first page is left out", async () => {
  const { caller } = await house.tenant("many-pages");
  const reason = "r".repeat(480);
  for (let i = 0; i < 4; i++)
    await caller.secrets.setMany({
      items: Array.from({ length: 500 }, (_, n) => ({ name: `K${i}-${n}`, value: "x" })),
      reason,
    });
  const { lines, pages } = await exported(caller);
  expect(pages).toBeGreaterThan(1);
  const found = verified(lines);
  expect(found).toMatchObject({ ok: true, level: "self_consistent" });
  expect(lines.filter((line) => line.startsWith('{"action":"audit.exported"'))).toHaveLength(0);
});

test("an event that a database writer edits is named by the export's verification", async () => {
  const { id, caller } = await house.tenant("edited");
  await caller.secrets.set({ name: "K", value: "x" });
  await house.tamper(
    `UPDATE control_plane.audit_batches SET bodies = overlay(bodies PLACING 'S'::bytea FROM position('secret.'::bytea IN bodies))
      WHERE chain_id = '${id}' AND position('secret.'::bytea IN bodies) > 0`,
  );
  const found = verified((await exported(caller)).lines);
  expect(found).toMatchObject({ ok: false, problem: "edited", at: { seq: expect.any(Number) } });
});

test("operators export the deployment's chain, which is theirs alone, and any tenant's", async () => {
  const { id, slug, caller } = await house.tenant("other");
  const operator = house.as(house.operatorToken);
  expect(verified((await exported(operator, { deployment: true })).lines)).toMatchObject({
    ok: true,
    chain: house.server.deployment.id,
  });
  expect(verified((await exported(operator, { tenant: slug })).lines)).toMatchObject({ ok: true, chain: id });
  expect(await codeOf(caller.audit.export({ deployment: true }))).toBe("forbidden");
  expect(await codeOf(caller.audit.export({ cursor: "bm9uZQ" }))).toBe("bad_input");
});

test("a checkpoint that was kept outside holds a later export to it", async () => {
  const { caller } = await house.tenant("anchored");
  await caller.secrets.set({ name: "K", value: "x" });
  await house.server.makeCheckpoint();
  const kept = (await exported(caller)).lines;
  const proof = headProofOf(JSON.parse(kept[1]!).checkpoint);
  const { publicKey } = await caller.audit.checkpoint({});
  const key = decodeNoteKey(publicKey);
  await caller.secrets.set({ name: "K", value: "y" });
  expect(verified((await exported(caller)).lines, { key, checkpoint: proof })).toMatchObject({
    ok: true,
    level: "anchored",
  });
});

test("an export shows that the log of checkpoints has only grown since one that was kept, or since its first", async () => {
  const { caller } = await house.tenant("grown");
  const kept: HeadProof[] = [];
  for (let i = 0; i < 5; i++) {
    await caller.secrets.set({ name: "K", value: `x${i}` });
    expect(await house.server.makeCheckpoint()).toBe(true);
    kept.push(headProofOf(JSON.parse((await exported(caller)).lines[1]!).checkpoint));
  }
  const key = decodeNoteKey((await caller.audit.checkpoint({})).publicKey);
  const sizes = kept.map(({ note }) => openCheckpoint(note, [key])!.size);
  for (const [index, checkpoint] of kept.entries()) {
    const { lines } = await exported(caller, { since: checkpoint.note });
    expect(verified(lines, { key, checkpoint })).toMatchObject({
      level: "anchored",
      consistent: { from: sizes[index], to: sizes[4], kept: true },
    });
  }
  const { lines } = await exported(caller);
  expect(verified(lines, { key, checkpoint: kept[1]! })).toMatchObject({
    consistent: { from: 1, kept: false },
  });
});

test("a database that was put back or whose log was rewritten does not show that its log has only grown", async () => {
  const own = await openHouse();
  try {
    const { caller } = await own.tenant("acme");
    const notes: string[] = [];
    for (let i = 0; i < 3; i++) {
      await caller.secrets.set({ name: "K", value: `x${i}` });
      await own.server.makeCheckpoint();
      notes.push((await own.server.newestCheckpoint())!.note);
    }
    const key = decodeNoteKey(own.server.publicKey);
    const since = notes[0]!;
    const elsewhere = async (note: string) => (await refusalOf(caller.audit.export({ since: note }))).issues;
    await house.server.makeCheckpoint();
    expect(await elsewhere((await house.server.newestCheckpoint())!.note)).toEqual([
      { path: "since", message: "is no checkpoint that this deployment has signed" },
    ]);
    expect(await elsewhere("no note")).toEqual([
      { path: "since", message: "is no checkpoint that this deployment has signed" },
    ]);
    // What a proof is made of is changed: it is no proof any more.
    await own.tamper("UPDATE control_plane.checkpoints SET heads_root = sha256('x') WHERE number = 2");
    expect(verified((await exported(caller, { since })).lines, { key })).toMatchObject({
      problem: "inconsistent",
    });
    // No proof can be made of it, or it is gone: with a checkpoint that was kept nothing is exported, without one no proof.
    for (const change of [
      "UPDATE control_plane.checkpoints SET nodes = nodes || nodes WHERE number = 1",
      "DELETE FROM control_plane.checkpoints WHERE number = 2",
    ]) {
      await own.tamper(change);
      expect(await codeOf(caller.audit.export({ since })), change).toBe("integrity_failed");
      const { lines } = await exported(caller);
      expect(lines[0], change).toContain('"version":1');
    }
    expect(verified((await exported(caller)).lines, { key })).toMatchObject({ problem: "wrong_key" });
    expect(own.logged.join()).toContain("an export has no consistency proof");
    // As an older copy of the database has it: the kept one is newer than its newest.
    await own.tamper("DELETE FROM control_plane.checkpoint_heads");
    await own.tamper("DELETE FROM control_plane.checkpoints WHERE number = 3");
    await own.tamper(
      `INSERT INTO control_plane.checkpoint_heads SELECT 1, 1, '\\x' FROM control_plane.checkpoints WHERE number = 1`,
    );
    expect(await codeOf(caller.audit.export({ since: notes[2]! }))).toBe("bad_input");
    // Another log, as a restore begins one.
    await own.tamper("DELETE FROM control_plane.checkpoint_heads");
    await own.sql("INSERT INTO control_plane.checkpoint_logs VALUES (2, gen_random_uuid(), NULL, now())");
    const restored = await own.another();
    await restored.makeCheckpoint();
    expect(await elsewhere(since)).toEqual([
      { path: "since", message: "is of a log of checkpoints that a restore of the database has ended" },
    ]);
  } finally {
    await own.close();
  }
});
