import type { Batch } from "./batch.ts";
import { broken, type ChainBroken, type ChainPoint } from "./finding.ts";

/** A batch without what it holds. */
export type Link = Pick<Batch, "number" | "firstSeq" | "prevHash" | "hash">;

export interface Break {
  /** Where the verification began; trusted. */
  from: ChainPoint;
  /** The last batch that fitted. */
  point: ChainPoint;
  /** The batch that does not fit, which is sound by itself, and what comes after it, as far as looked. */
  ahead: readonly Link[];
  /** The number of a batch that fitted, by its hash; null when there was none. */
  numberOf: (hash: Buffer) => number | null;
  checkpoint: ChainPoint | undefined;
}

/**
 * Says what happened where a chain breaks. The hashes are the witnesses, since whoever removes a batch can also
 * renumber the others; numbers are asked only where hashes are silent. Where two stories fit (a batch rewritten
 * with its hash, or one removed and the rest renumbered) the simpler one is told: the break itself is certain,
 * its story is the likeliest.
 */
export function explainBreak(at: Break): ChainBroken {
  const { point, ahead, numberOf } = at;
  const batch = ahead[0]!;
  const number = point.number + 1;
  const seq = point.seq + 1;
  if (batch.prevHash.equals(point.hash)) return wrongNumbers(batch, number, seq);

  if (numberOf(batch.hash) !== null) {
    return broken(
      "inserted",
      number,
      seq,
      `A batch was inserted: in place ${number} stands a copy of batch ${numberOf(batch.hash)}.`,
    );
  }
  const successor = ahead.findIndex((later) => later.prevHash.equals(point.hash));
  if (successor !== -1) {
    return leadsTo(batch, ahead, successor)
      ? broken("reordered", number, seq, `Batches were reordered: a later one stands in place ${number}.`)
      : broken(
          "inserted",
          number,
          seq,
          `A batch was inserted in place ${number}: batch ${number} follows it.`,
        );
  }
  const fork = numberOf(batch.prevHash);
  if (fork !== null) return explainFork(at, fork);
  return explainGap(at, batch);
}

function wrongNumbers(batch: Link, number: number, seq: number): ChainBroken {
  if (batch.number > number && batch.firstSeq > seq) return removed(number, seq, batch.number);
  return broken(
    "edited",
    number,
    null,
    `Batch ${number} was edited: it says number ${batch.number} and first event ${batch.firstSeq}, which is not its place.`,
  );
}

/** Whether the batches ahead, beginning with that at `from` and hash by hash, lead to `wanted`. */
function leadsTo(wanted: Link, ahead: readonly Link[], from: number): boolean {
  const byPrev = new Map(ahead.map((batch) => [hex(batch.prevHash), batch]));
  let batch: Link | undefined = ahead[from];
  for (let steps = 0; batch !== undefined && steps < ahead.length; steps += 1) {
    if (batch === wanted) return true;
    batch = byPrev.get(hex(batch.hash));
  }
  return false;
}

/** Two batches claim to follow batch `fork`. One of the two lines was made up: the shorter one, most likely. */
function explainFork({ point, ahead }: Break, fork: number): ChainBroken {
  const number = point.number + 1;
  let length = 1;
  while (ahead[length]?.prevHash.equals(ahead[length - 1]!.hash)) length += 1;
  const place = length >= point.number - fork ? fork + 1 : number;
  return broken(
    "inserted",
    place,
    null,
    `A batch was inserted: batches ${fork + 1} and ${number} both follow batch ${fork}.`,
  );
}

/** No batch ahead follows the last one that fitted, and this one follows none that is known. */
function explainGap({ from, point, ahead, checkpoint }: Break, batch: Link): ChainBroken {
  const number = point.number + 1;
  const seq = point.seq + 1;
  const signed = checkpoint ? ahead.findIndex((later) => later.hash.equals(checkpoint.hash)) : -1;
  const shift = checkpoint && signed !== -1 ? checkpoint.number - (number + signed) : 0;
  if (shift > 0 || (shift === 0 && batch.number > number && batch.firstSeq > seq)) {
    return removed(number, seq, number + Math.max(shift, batch.number - number));
  }
  if (shift < 0 || batch.number !== number) {
    return broken(
      "inserted",
      number,
      seq,
      `A batch was inserted: in place ${number} stands one of no known origin.`,
    );
  }
  if (point.number === from.number) {
    return broken(
      "edited",
      number,
      null,
      `Batch ${number} does not follow the start: it was rewritten, or belongs to another chain.`,
    );
  }
  return broken(
    "edited",
    point.number,
    null,
    `Batch ${point.number} was edited together with its hash: batch ${number} was chained to another.`,
  );
}

function removed(number: number, seq: number, found: number): ChainBroken {
  const missing = found - 1 > number ? `batches ${number} to ${found - 1} are` : `batch ${number} is`;
  return broken("removed", number, seq, `Batches were removed: ${missing} missing.`);
}

function hex(hash: Buffer): string {
  return hash.toString("hex");
}
