import type { Batch } from "../batch.ts";
import { type ChainIntact, verifyChain } from "../chain.ts";
import { type Checkpoint, type HeadProof, verifyHead } from "../checkpoint.ts";
import { broken, type ChainBroken, type ChainPoint } from "../finding.ts";
import type { NoteKey } from "../note.ts";
import { type Consistent, judgeConsistency } from "./consistent.ts";
import { type ExportReading, readExport } from "./read.ts";

/** What is known from outside of the file. */
export interface FromOutside {
  /** The deployment's public key. */
  key?: NoteKey;
  /** A checkpoint that was kept elsewhere, with its proof that it covers this chain. */
  checkpoint?: HeadProof;
}

export interface ExportVerified extends Omit<ChainIntact, "ok"> {
  ok: true;
  deployment: string;
  chain: string;
  /**
   * - `self_consistent`: the file fits itself, and no more: there was no key from outside;
   * - `signed`: events up to a checkpoint in the file are proven by its signature; that none was cut off after it is not;
   * - `anchored`: it also holds everything that the checkpoint from outside covers.
   */
  level: "self_consistent" | "signed" | "anchored";
  /** When the newest checkpoint that proves something was made. */
  provenAt: Date | null;
  /** Between which checkpoints the log of them is shown to have only grown; null where the file does not show it. */
  consistent: Consistent | null;
}

/** What is wrong with a signature or a claim about the file, rather than with the chain in it. */
export interface ExportRefused {
  ok: false;
  problem: "wrong_key" | "other_chain" | "inconsistent";
  sentence: string;
}

/**
 * Verifies an export with no server and no database (docs/audit-format.md, "An export").
 * @param lines the file's lines, without their ends; read once, in the memory of one batch
 * @throws LedgerError `malformed` for what is no export, by line; `unsupported_version`
 */
export function verifyExport(
  lines: Iterable<Buffer>,
  outside: FromOutside = {},
): ExportVerified | ChainBroken | ExportRefused {
  const reading = readExport(lines);
  const { header } = reading;
  const anchors: { point: ChainPoint; time: Date }[] = [];
  const checkpoints: (Checkpoint | null)[] = [];
  for (const [proof, whose] of [
    [reading.checkpoint, "The checkpoint in the file"],
    [outside.checkpoint ?? null, "The checkpoint from outside"],
  ] as const) {
    // Nothing is believed that no key from outside has signed.
    if (proof === null || outside.key === undefined) {
      checkpoints.push(null);
      continue;
    }
    const checkpoint = requireOf(reading, proof, outside.key, whose);
    if ("problem" in checkpoint) return checkpoint;
    checkpoints.push(checkpoint);
    const { batches, events, hash } = proof.head;
    anchors.push({ point: { number: batches, seq: events, hash }, time: proof.time });
  }
  const [inFile = null, kept = null] = checkpoints;
  const consistent =
    inFile === null ? null : judgeConsistency(reading.consistency, inFile, kept, outside.key!);
  if (consistent !== null && "problem" in consistent) return consistent;
  anchors.sort((a, b) => a.point.number - b.point.number);
  const last = anchors.at(-1) ?? null;
  const earlier = anchors.length === 2 ? anchors[0]!.point : null;
  let against: ChainBroken | null = null;
  function* watched(): Generator<Batch> {
    for (const batch of reading.batches) {
      yield batch;
      // Reached only where the batch before this one was found to be sound and in its place.
      if (earlier?.number === batch.number && !earlier.hash.equals(batch.hash)) {
        against = broken(
          "edited",
          batch.number,
          null,
          `The chain is consistent in itself, but its batch ${batch.number} is not the one that an earlier checkpoint covers.`,
        );
        return;
      }
    }
  }
  const found = verifyChain(watched(), header, last?.point);
  if (against !== null) return against;
  if (!found.ok) return found;
  const end = reading.end();
  const ends =
    end !== null &&
    end.number === found.end.number &&
    end.seq === found.end.seq &&
    end.hash.equals(found.head);
  if (!ends)
    return broken(
      "cut_off",
      found.end.number + 1,
      found.end.seq + 1,
      `The file was cut off: it ends after batch ${found.end.number}, without the line that ends it.`,
    );
  return {
    ...found,
    deployment: header.deployment,
    chain: header.chain,
    level:
      outside.key === undefined || last === null
        ? "self_consistent"
        : outside.checkpoint === undefined
          ? "signed"
          : "anchored",
    provenAt: last?.time ?? null,
    consistent,
  };
}

function requireOf(
  { header }: ExportReading,
  proof: HeadProof,
  key: NoteKey,
  whose: string,
): Checkpoint | ExportRefused {
  if (proof.head.chain !== header.chain)
    return {
      ok: false,
      problem: "other_chain",
      sentence: `${whose} covers the chain ${proof.head.chain}, and the file holds ${header.chain}.`,
    };
  const checkpoint = verifyHead(proof, [key]);
  if (checkpoint === null)
    return {
      ok: false,
      problem: "wrong_key",
      sentence: `${whose} is not signed by this key, or does not cover what it says.`,
    };
  if (!checkpoint.origin.startsWith(`keyfold/${header.deployment}/`))
    return {
      ok: false,
      problem: "other_chain",
      sentence: `${whose} is of another deployment than the file.`,
    };
  return checkpoint;
}
