import { expect, test } from "vitest";
import { consistencyProof, type HeadProof, type LedgerError } from "../index.ts";
import { chainOf } from "../testing/chains.ts";
import { checkpointLog, exportLines, signer } from "../testing/exports.ts";
import { verifyExport } from "./verify.ts";

/* An export that shows that the log of checkpoints has only grown: a log of seven, of which the third was kept. */

const { key } = signer();
const chain = chainOf([1, 2, 1, 3, 1, 1, 2], "both");
const { checkpoints, leaves } = checkpointLog(chain);
const last = checkpoints[6]!;
const third = checkpoints[2]!;
const proof = (from: HeadProof, size: number) => ({ from: from.note, path: consistencyProof(leaves, size) });
const lines = exportLines(chain, last, proof(third, 3));
const problemOf = (all: readonly Buffer[], outside: Parameters<typeof verifyExport>[1] = { key }) => {
  const found = verifyExport(all, outside);
  return found.ok ? null : found.problem;
};

test("it is shown from every checkpoint to the last, and that the earlier one is the one that was kept", () => {
  for (const [index, from] of checkpoints.entries()) {
    const all = exportLines(chain, last, proof(from, index + 1));
    expect(verifyExport(all, { key })).toMatchObject({
      ok: true,
      level: "signed",
      consistent: { from: index + 1, to: 7, kept: false },
    });
    expect(verifyExport(all, { key, checkpoint: from })).toMatchObject({
      level: "anchored",
      consistent: { from: index + 1, to: 7, kept: true },
    });
  }
  // Another one than was kept, and nobody's word without a key.
  expect(verifyExport(lines, { key, checkpoint: checkpoints[1]! })).toMatchObject({
    ok: true,
    consistent: { from: 3, to: 7, kept: false },
  });
  expect(verifyExport(lines)).toMatchObject({ ok: true, level: "self_consistent", consistent: null });
});

test("an export of version 1 verifies as it always did, and shows nothing of the log", () => {
  const all = exportLines(chain, last);
  expect(String(all[0])).toContain('"version":1');
  expect(verifyExport(all, { key, checkpoint: third })).toMatchObject({
    ok: true,
    level: "anchored",
    consistent: null,
  });
});

test("a log that was made anew does not continue what it was, whichever part of it is shown", () => {
  const forged = chainOf([1, 2, 1, 2, 2, 1, 2]);
  const anew = checkpointLog(forged, { minute: 1 });
  const since = (from: HeadProof) =>
    exportLines(forged, anew.checkpoints[6]!, { from: from.note, path: consistencyProof(anew.leaves, 3) });
  // The true third one, and the forged log's own proof.
  expect(problemOf(since(third))).toBe("inconsistent");
  // The forged third one fits the forged log; it is not what was kept.
  expect(problemOf(since(anew.checkpoints[2]!))).toBeNull();
  const told = verifyExport(since(anew.checkpoints[2]!), { key, checkpoint: third });
  expect(told).toMatchObject({
    problem: "inconsistent",
    sentence:
      "A checkpoint in the file and the one from outside are both of the log's size 3, both are signed, and they differ: whoever holds the signing key has told two stories.",
  });
  expect(problemOf(exportLines(forged, anew.checkpoints[6]!), { key, checkpoint: last })).toBe(
    "inconsistent",
  );
});

test("a proof that is edited, cut, longer, of another log or by another key is refused by its own name, and the chain's faults by theirs", () => {
  const withLine = (line: { from: string; path: Buffer[] }) => exportLines(chain, last, line);
  const { from, path } = proof(third, 3);
  const flipped = path.with(1, Buffer.from(path[1]!.map((byte) => byte ^ 1)));
  for (const wrong of [flipped, path.slice(1), path.slice(0, -1), [...path, path[0]!], path.toReversed(), []])
    expect(problemOf(withLine({ from, path: wrong }))).toBe("inconsistent");
  // Of another size than it says, and one after the last.
  expect(problemOf(withLine({ from: checkpoints[3]!.note, path }))).toBe("inconsistent");
  expect(problemOf(exportLines(chain, checkpoints[1]!, proof(third, 3)))).toBe("inconsistent");
  const other = checkpointLog(chain, { log: "two" }).checkpoints[2]!;
  expect(problemOf(withLine({ from: other.note, path }))).toBe("inconsistent");
  const foreign = checkpointLog(chain, { by: signer(8) }).checkpoints[2]!;
  expect(problemOf(withLine({ from: foreign.note, path }))).toBe("wrong_key");

  const at = lines.findIndex((line) => line.includes('"batch"'));
  expect(problemOf(lines.with(at + 3, Buffer.from('{"action":"x"}')))).toBe("edited");
  expect(problemOf(lines.toSpliced(at + 3, 1))).toBe("removed");
  expect(problemOf(lines.toSpliced(at + 4, 0, Buffer.from("more")))).toBe("inserted");
  expect(problemOf(lines.toSpliced(at + 3, 2, lines[at + 4]!, lines[at + 3]!))).toBe("reordered");
  expect(problemOf(lines.slice(0, -1))).toBe("cut_off");
});

test("a line that is missing, double, in another place or unreadable is refused by its number", () => {
  const refused = (all: readonly Buffer[]) => {
    try {
      return verifyExport(all, { key }).ok;
    } catch (error) {
      return (error as LedgerError).message;
    }
  };
  const without = "line 3: a checkpoint and its consistency proof belong here";
  expect(refused(lines.toSpliced(2, 1))).toBe(without);
  expect(refused(lines.toSpliced(1, 1))).toBe("line 2: a checkpoint and its consistency proof belong here");
  expect(refused(lines.toSpliced(1, 2, lines[2]!, lines[1]!))).toBe(
    "line 2: a checkpoint and its consistency proof belong here",
  );
  expect(refused(lines.toSpliced(2, 0, lines[2]!))).toBe("line 4: an event stands where a batch belongs");
  expect(refused(lines.with(2, Buffer.from('{"consistency":{"from":1,"path":[]}}')))).toBe(
    "line 3: a text is none",
  );
  expect(refused(lines.with(2, Buffer.from('{"consistency":{"from":"","path":[]}}')))).toBe(
    "this is no signed note",
  );
  // Of a version in which there is none.
  const older = lines.with(0, Buffer.from(String(lines[0]).replace('"version":2', '"version":1')));
  expect(refused(older)).toBe("line 3: an event stands where a batch belongs");
});
