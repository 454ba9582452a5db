import { type Batch, genesisHash } from "./batch.ts";
import { explainBreak, type Link } from "./break.ts";
import { checkContent } from "./content.ts";
import { LedgerError } from "./error.ts";
import { broken, type ChainBroken, type ChainPoint } from "./finding.ts";
import { HASH_BYTES } from "./merkle.ts";

/** Where to start: at the beginning of a named chain (UUIDs), or behind a batch that is already known. */
export type ChainStart = { deployment: string; chain: string } | ChainPoint;

export interface ChainIntact {
  ok: true;
  /** How many batches were checked, and how many events they hold. */
  batches: number;
  events: number;
  /** The last batch's hash, 32 bytes; the start's when there was no batch. */
  head: Buffer;
  /** The last batch as a place to start from next time. */
  end: ChainPoint;
  /** How many of the events a checkpoint covers. The others are consistent among themselves, no more. */
  provenEvents: number;
}

/** How far back a batch is recognized, and how far ahead a break is explained; bounds memory, not checking. */
const HORIZON = 16_384;

/**
 * Checks that batches follow one another unbroken and that each holds the events that were hashed. Reads them
 * one at a time; the first thing wrong ends it.
 *
 * Without a checkpoint a chain is at best self-consistent: who can write all of it can make another, or leave
 * off its end. `cut_off`, and a chain rewritten throughout, are found by a checkpoint from outside.
 *
 * Events are opaque here: what is proven is that the bytes are those that were hashed. `decodeEvent` reads them.
 *
 * @param start the chain's UUIDs, or a point behind which `batches` begins
 * @param checkpoint a point of this chain from outside (a signed checkpoint, an earlier verification)
 * @throws LedgerError `malformed` when start or checkpoint is none, or the checkpoint lies before the start
 */
export function verifyChain(
  batches: Iterable<Batch>,
  start: ChainStart,
  checkpoint?: ChainPoint,
): ChainIntact | ChainBroken {
  const from = "chain" in start ? genesisPoint(start.deployment, start.chain) : requirePoint(start);
  if (checkpoint && requirePoint(checkpoint).number < from.number) {
    throw new LedgerError("malformed", "the checkpoint lies before the start");
  }
  let point = from;
  let against = contradicts(point, checkpoint);
  if (against) return against;

  /** The hashes of the last batches, at their number modulo the horizon. */
  const recent: Buffer[] = [];
  recent[from.number % HORIZON] = from.hash;
  const numberOf = (hash: Buffer): number | null => {
    const oldest = Math.max(from.number, point.number - HORIZON + 1);
    for (let number = point.number; number >= oldest; number -= 1) {
      if (recent[number % HORIZON]!.equals(hash)) return number;
    }
    return null;
  };

  const rest = batches[Symbol.iterator]();
  try {
    for (let next = rest.next(); !next.done; next = rest.next()) {
      const batch = next.value;
      const wrong = checkContent(batch, point);
      if (wrong) return wrong;
      const follows =
        batch.prevHash.equals(point.hash) &&
        batch.number === point.number + 1 &&
        batch.firstSeq === point.seq + 1;
      if (!follows) {
        return explainBreak({ from, point, ahead: linksAhead(batch, rest), numberOf, checkpoint });
      }
      point = { number: batch.number, seq: point.seq + batch.count, hash: batch.hash };
      recent[point.number % HORIZON] = point.hash;
      against = contradicts(point, checkpoint);
      if (against) return against;
    }
  } finally {
    rest.return?.();
  }
  if (checkpoint && point.number < checkpoint.number) {
    return broken(
      "cut_off",
      point.number + 1,
      point.seq + 1,
      `The chain was cut off: it ends with batch ${point.number}, and the checkpoint covers batch ${checkpoint.number}.`,
    );
  }
  return {
    ok: true,
    batches: point.number - from.number,
    events: point.seq - from.seq,
    head: point.hash,
    end: point,
    provenEvents: checkpoint ? checkpoint.seq - from.seq : 0,
  };
}

function linksAhead(batch: Batch, rest: Iterator<Batch>): Link[] {
  const ahead: Link[] = [];
  for (let next: Batch | null = batch; next !== null; ) {
    const { number, firstSeq, prevHash, hash } = next;
    ahead.push({ number, firstSeq, prevHash, hash });
    const later = ahead.length < HORIZON ? rest.next() : null;
    next = later === null || later.done ? null : later.value;
  }
  return ahead;
}

/** The place before a chain's first batch. */
export function genesisPoint(deployment: string, chain: string): ChainPoint {
  return { number: 0, seq: 0, hash: genesisHash(deployment, chain) };
}

function contradicts(point: ChainPoint, checkpoint: ChainPoint | undefined): ChainBroken | null {
  if (checkpoint === undefined || checkpoint.number !== point.number) return null;
  if (!checkpoint.hash.equals(point.hash)) {
    return broken(
      "edited",
      point.number,
      null,
      `The chain is consistent in itself, but its batch ${point.number} is not the one that the checkpoint covers: it or one before it was rewritten.`,
    );
  }
  if (checkpoint.seq === point.seq) return null;
  // The hashes fit and the counts do not: leaf hashes of a pruned batch were replaced by inner nodes of its tree.
  return broken(
    "edited",
    point.number,
    null,
    `Up to batch ${point.number} there are ${point.seq} events where the checkpoint covers ${checkpoint.seq}: a pruned batch was edited.`,
  );
}

function requirePoint(point: ChainPoint): ChainPoint {
  const counts = [point.number, point.seq];
  if (
    !counts.every((value) => Number.isSafeInteger(value) && value >= 0) ||
    point.hash.length !== HASH_BYTES
  ) {
    throw new LedgerError("malformed", "a point of a chain has two whole numbers and a hash of 32 bytes");
  }
  return point;
}
