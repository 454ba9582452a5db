/**
 * What can be wrong with a chain:
 * - `edited`: a batch or event is not the one that was chained;
 * - `removed`: one that belongs here is missing, and later ones are there;
 * - `inserted`: one is here that does not belong;
 * - `reordered`: one that belongs elsewhere in the same chain;
 * - `cut_off`: the chain ends before the checkpoint;
 * - `malformed`: a batch that cannot be read at all.
 */
export type ChainProblem = "edited" | "removed" | "inserted" | "reordered" | "cut_off" | "malformed";

/** A place up to which a chain is known: its last batch's number, that batch's last event, and its hash. */
export interface ChainPoint {
  /** 0 before the first batch. */
  number: number;
  /** The last sequence number, which is also how many events there are; 0 before the first. */
  seq: number;
  /** 32 bytes; before the first batch the genesis hash. */
  hash: Buffer;
}

/** The first thing wrong with a chain. Numbers are those that belong at that place, whatever the row says. */
export interface ChainBroken {
  ok: false;
  /** The first wrong batch, and the first wrong event where it can be told. */
  at: { batch: number; seq: number | null };
  problem: ChainProblem;
  /** For people; it holds numbers and no content. */
  sentence: string;
}

/** What a verifier answers where a chain does not hold. */
export function broken(
  problem: ChainProblem,
  batch: number,
  seq: number | null,
  sentence: string,
): ChainBroken {
  return { ok: false, at: { batch, seq }, problem, sentence };
}
