import fc from "fast-check";
import { expect, test } from "vitest";
import type { HeadProof } from "../checkpoint.ts";
import { chainOf, counts, DEPLOYMENT, makeChain, TENANT } from "../testing/chains.ts";
import { checkpointLog, checkpointOf, exportLines, signer } from "../testing/exports.ts";
import { verifyExport } from "./verify.ts";

const { key } = signer();
const outside = { key };
const replaced = (lines: readonly Buffer[], at: number, ...by: Buffer[]) => lines.toSpliced(at, 1, ...by);

test("a chain verifies from its export, at a level that says what was known from outside", () => {
  const chain = chainOf([1, 3, 2]);
  const [older, newer] = checkpointLog(chain.slice(1)).checkpoints as [HeadProof, HeadProof];
  const lines = exportLines(chain, older);
  expect(verifyExport(lines)).toMatchObject({
    ok: true,
    level: "self_consistent",
    deployment: DEPLOYMENT,
    chain: TENANT,
    batches: 3,
    events: 6,
    provenEvents: 0,
    provenAt: null,
  });
  expect(verifyExport(lines, outside)).toMatchObject({ ok: true, level: "signed", provenEvents: 4 });
  expect(verifyExport(lines, { key, checkpoint: newer })).toMatchObject({
    ok: true,
    level: "anchored",
    provenEvents: 6,
    provenAt: newer.time,
  });
});

test("any chain verifies, with its bodies, with its leaves alone, and with both", () => {
  fc.assert(
    fc.property(counts(), fc.constantFrom("bodies", "leaves", "both"), (sizes, keep) => {
      const chain = chainOf(sizes, keep as "both");
      expect(verifyExport(exportLines(chain), outside)).toMatchObject({ ok: true, batches: sizes.length });
    }),
  );
});

test("an event that was edited, removed, inserted or moved is told apart, and the first is named", () => {
  const chain = chainOf([1, 4], "both");
  const lines = exportLines(chain);
  const [first, second] = [4, 5]; // after header, batch 1, event 1, batch 2
  expect(verifyExport(replaced(lines, second, Buffer.from('{"action":"x"}')))).toMatchObject({
    ok: false,
    problem: "edited",
    at: { batch: 2, seq: 3 },
  });
  expect(verifyExport(replaced(lines, first))).toMatchObject({ problem: "removed", at: { seq: 2 } });
  expect(verifyExport(replaced(lines, first, lines[first]!, Buffer.from("more")))).toMatchObject({
    problem: "inserted",
    at: { seq: 3 },
  });
  const swapped = lines.toSpliced(first, 2, lines[second]!, lines[first]!);
  expect(verifyExport(swapped)).toMatchObject({ problem: "reordered", at: { seq: 2 } });
});

test("a file that ends too soon is cut off, also where it was cut between two batches", () => {
  const chain = chainOf([2, 2, 2]);
  const lines = exportLines(chain);
  expect(verifyExport(lines.slice(0, -1))).toMatchObject({ problem: "cut_off", at: { batch: 4, seq: 7 } });
  expect(verifyExport(lines.slice(0, 7))).toMatchObject({ problem: "cut_off", at: { batch: 3, seq: 5 } });
  expect(verifyExport(exportLines(chain.slice(0, 2)))).toMatchObject({ ok: true });
  const checkpoint = checkpointOf(chain[2]!);
  expect(verifyExport(exportLines(chain.slice(0, 2)), { key, checkpoint })).toMatchObject({
    problem: "cut_off",
    at: { batch: 3 },
  });
});

test("a chain that was rewritten throughout fits itself, and not the checkpoint from outside", () => {
  const chain = chainOf([2, 2]);
  const forged = makeChain([
    [Buffer.from("a"), Buffer.from("b")],
    [Buffer.from("c"), Buffer.from("d")],
  ]);
  expect(verifyExport(exportLines(forged), outside)).toMatchObject({ ok: true, level: "self_consistent" });
  expect(verifyExport(exportLines(forged), { key, checkpoint: checkpointOf(chain[1]!) })).toMatchObject({
    problem: "edited",
    at: { batch: 2 },
  });
});

test("an older checkpoint in the file is held against the chain too, when a newer one is outside", () => {
  const chain = chainOf([2, 2, 2]);
  const forged = { ...chain[0]!, hash: Buffer.alloc(32, 1) };
  const [older, newer] = checkpointLog([forged, chain[2]!]).checkpoints as [HeadProof, HeadProof];
  expect(verifyExport(exportLines(chain, older), { key, checkpoint: newer })).toMatchObject({
    ok: false,
    problem: "edited",
    at: { batch: 1 },
  });
});

test("a checkpoint of another key, another chain or another deployment proves nothing, and is refused", () => {
  const chain = chainOf([2]);
  const lines = exportLines(chain);
  const by = (checkpoint: ReturnType<typeof checkpointOf>) => verifyExport(lines, { key, checkpoint });
  expect(by(checkpointOf(chain[0]!, { by: signer(8) }))).toMatchObject({ ok: false, problem: "wrong_key" });
  expect(by(checkpointOf(chain[0]!, { chain: "00000000-0000-4000-8000-0000000000cc" }))).toMatchObject({
    problem: "other_chain",
  });
  expect(by(checkpointOf(chain[0]!, { deployment: "00000000-0000-4000-8000-000000000002" }))).toMatchObject({
    problem: "other_chain",
  });
  const moved = { ...checkpointOf(chain[0]!), head: { ...checkpointOf(chain[0]!).head, events: 1 } };
  expect(by(moved)).toMatchObject({ problem: "wrong_key" });
  // Without a key nobody's word is asked.
  expect(verifyExport(exportLines(chain, checkpointOf(chain[0]!, { by: signer(8) })))).toMatchObject({
    level: "self_consistent",
  });
});

test("what is no export is refused by its line, and never quoted", () => {
  const lines = exportLines(chainOf([2, 1]));
  const refused = (bad: readonly Buffer[]) => {
    try {
      return verifyExport(bad);
    } catch (error) {
      return (error as { code: string; message: string }).message;
    }
  };
  expect(refused([])).toBe("this is no export of an audit log");
  expect(refused(lines.slice(1))).toBe("this is no export of an audit log");
  expect(refused(replaced(lines, 1, Buffer.from('{"batch":{"secret-looking":1}}')))).toMatch(/^line 2: /);
  expect(refused(replaced(lines, 1, Buffer.from('{"batch":')))).toBe("line 2: it is not JSON");
  expect(refused(replaced(lines, 1, Buffer.from('{"batch":{},"and":1}')))).toBe(
    "line 2: it has more than one member",
  );
  expect(refused(replaced(lines, 1, lines[2]!))).toBe("line 2: an event stands where a batch belongs");
  expect(refused([...lines, Buffer.from("more")])).toBe(
    `line ${lines.length + 1}: something follows the end`,
  );
  expect(refused(replaced(lines, 0, Buffer.from('{"export":{"version":3}}')))).toMatch(/version/);
});

test("regression: a checkpoint's time that was spelt otherwise passed for the same", () => {
  const chain = chainOf([2, 1], "both");
  const all = exportLines(chain, checkpointOf(chain[1]!));
  const at = all.findIndex((line) => line.includes('"checkpoint"'));
  for (const [from, to] of [
    [/"time":"([0-9-]+)T/, '"time":"$1 '],
    [/"time":"([0-9-]+)T([0-9:.]+)Z/, '"time":"$1T$2z'],
    [/"time":"([0-9-]+)T([0-9:]+)\.000Z/, '"time":"$1T$2Z'],
  ] as const) {
    const line = String(all[at]);
    expect(line).toMatch(from);
    expect(() => verifyExport(replaced(all, at, Buffer.from(line.replace(from, to))), outside)).toThrow(
      "a checkpoint's time is none",
    );
  }
});

test("regression: a last line that told another number of events was believed", () => {
  const all = exportLines(chainOf([2, 1]));
  const end = String(all.at(-1));
  expect(end).toContain('"events":3');
  expect(
    verifyExport(replaced(all, all.length - 1, Buffer.from(end.replace('"events":3', '"events":4')))),
  ).toMatchObject({ ok: false, problem: "cut_off" });
});

test("every byte that is changed is noticed", () => {
  const chain = chainOf([2, 1], "both");
  const text = Buffer.from(`${exportLines(chain, checkpointOf(chain[1]!)).map(String).join("\n")}\n`);
  const lines = (bytes: Buffer) =>
    bytes
      .toString("latin1")
      .split("\n")
      .slice(0, -1)
      .map((line) => Buffer.from(line, "latin1"));
  expect(verifyExport(lines(text), outside)).toMatchObject({ ok: true, level: "signed" });
  fc.assert(
    fc.property(fc.nat(text.length - 2), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = Buffer.from(text);
      bytes[at]! ^= flip;
      let found: { ok: boolean };
      try {
        found = verifyExport(lines(bytes), outside);
      } catch (error) {
        expect((error as Error).name).toBe("LedgerError");
        return;
      }
      expect(found.ok).toBe(false);
    }),
    { numRuns: 1500 },
  );
});
