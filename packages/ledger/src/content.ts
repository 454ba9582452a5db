import { type Batch, batchHash, decodeBodies, decodeLeaves, MAX_BATCH_EVENTS } from "./batch.ts";
import { LedgerError } from "./error.ts";
import { broken, type ChainBroken, type ChainPoint } from "./finding.ts";
import { HASH_BYTES, leafHash, merkleRoot } from "./merkle.ts";

/**
 * Checks a batch by itself: its events give its root, its root gives its hash. Where it stands in the chain is
 * another question. `before` is the place that it is expected to follow; it only numbers the finding.
 *
 * With the leaf hashes kept beside the bodies, the first wrong event is named; without them only the batch is.
 */
export function checkContent(batch: Batch, before: ChainPoint): ChainBroken | null {
  const number = before.number + 1;
  const edited = (what: string) => broken("edited", number, null, `Batch ${number} was edited: ${what}.`);
  let read: Leaves;
  try {
    read = readLeaves(batch);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return broken("malformed", number, null, `Batch ${number} cannot be read: ${error.message}.`);
  }
  const { events, kept } = read;
  const gives = (leaves: Buffer[] | null) => leaves !== null && merkleRoot(leaves).equals(batch.root);
  const eventsFit = gives(events);
  // The same leaves give the same root: half of what verifying takes is not done twice.
  const keptFit = areSame(events, kept) ? eventsFit : gives(kept);
  if (!eventsFit && !keptFit) {
    const found = events?.length ?? batch.count;
    if (found === batch.count) return edited("its events do not give its root");
    return broken(
      found < batch.count ? "removed" : "inserted",
      number,
      null,
      `Batch ${number} holds ${found} events where it says ${batch.count}, and they do not give its root.`,
    );
  }
  if (kept !== null && !keptFit) return edited("its kept leaf hashes are not those of its events");
  if (events !== null && !eventsFit) return firstWrongEvent(events, kept!, before);
  const count = (events ?? kept)!.length;
  if (count !== batch.count) return edited(`it says ${batch.count} events and holds ${count}`);
  if (!batchHash(batch.prevHash, batch.root).equals(batch.hash)) {
    return edited("its hash does not follow from its root and the hash before it");
  }
  return null;
}

function areSame(one: readonly Buffer[] | null, other: readonly Buffer[] | null): boolean {
  return (
    one !== null &&
    other !== null &&
    one.length === other.length &&
    one.every((leaf, at) => leaf.equals(other[at]!))
  );
}

interface Leaves {
  /** Hashed from the bodies. */
  events: Buffer[] | null;
  /** Stored beside them, or in their place. */
  kept: Buffer[] | null;
}

/** @throws LedgerError when the batch has not even the shape of one */
function readLeaves(batch: Batch): Leaves {
  const { number, firstSeq, count, prevHash, root, hash, bodies, leaves } = batch;
  for (const value of [number, firstSeq, count]) {
    if (!Number.isSafeInteger(value) || value < 1) malformed("its numbers must be whole and at least 1");
  }
  if (count > MAX_BATCH_EVENTS) malformed(`it says more than ${MAX_BATCH_EVENTS} events`);
  if ([prevHash, root, hash].some((value) => value.length !== HASH_BYTES))
    malformed("a hash must be 32 bytes");
  if (bodies === null && leaves === null) malformed("it has neither events nor leaf hashes");
  if (leaves !== null && (leaves.length === 0 || leaves.length > MAX_BATCH_EVENTS * HASH_BYTES)) {
    malformed("its leaf hashes are none or too many");
  }
  return {
    events: bodies === null ? null : decodeBodies(bodies).map(leafHash),
    kept: leaves === null ? null : decodeLeaves(leaves),
  };
}

/** The kept leaf hashes give the root and the events do not: the difference tells what was done to which. */
function firstWrongEvent(events: Buffer[], kept: Buffer[], before: ChainPoint): ChainBroken {
  const same = (a: Buffer | undefined, b: Buffer | undefined) => a !== undefined && b?.equals(a) === true;
  let i = 0;
  while (same(events[i], kept[i])) i += 1;
  const batch = before.number + 1;
  const seq = before.seq + 1 + i;
  const where = `event ${seq}, in batch ${batch},`;
  if (events.length < kept.length) {
    return broken("removed", batch, seq, `An event was removed: ${where} or one after it is missing.`);
  }
  if (events.length > kept.length) {
    return broken("inserted", batch, seq, `An event was inserted: ${where} or one after it does not belong.`);
  }
  return events.some((event, at) => at > i && same(event, kept[i])) &&
    kept.some((leaf, at) => at > i && same(leaf, events[i]))
    ? broken("reordered", batch, seq, `Events were reordered: ${where} stands elsewhere in its batch.`)
    : broken("edited", batch, seq, `An event was edited: ${where} is not the one that was hashed.`);
}

function malformed(message: string): never {
  throw new LedgerError("malformed", message);
}
