import { decodeNoteKey, headProofOf, verifyExport } from "@keyfold/ledger";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

type Caller = ReturnType<House["as"]>;

async function exported(caller: Caller, input: { tenant?: string; deployment?: boolean } = {}) {
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
