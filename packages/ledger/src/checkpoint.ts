import { LedgerError } from "./error.ts";
import { type ChainHead, decodeHeads, encodeHead, headLeaves, headsEntry } from "./heads.ts";
import { HASH_BYTES, leafHash, merkleRoot } from "./merkle.ts";
import { type NoteKey, openNote } from "./note.ts";
import { inclusionProof, verifyInclusion } from "./proof.ts";

/*
 * A checkpoint, as https://c2sp.org/tlog-checkpoint writes it: a signed note whose text is
 *
 *   origin ‖ "\n" ‖ size ‖ "\n" ‖ base64(root) ‖ "\n"
 *
 * The log that it is of has one leaf for every moment at which a checkpoint was made: the entry of the heads of then
 * (heads.ts). So it only ever grows, and any two of its checkpoints can be shown to be consistent (RFC 9162 §2.1.4).
 */

export interface Checkpoint {
  /** Names the log. */
  origin: string;
  /** How many leaves it has. */
  size: number;
  /** 32 bytes. */
  root: Buffer;
}

/** What a checkpoint signs beside the note itself: enough to tie one moment's heads to it. */
export interface CheckpointProof {
  note: string;
  /** When it was made. */
  time: Date;
  /** How many chains there were. */
  chains: number;
  /** The root over their heads, 32 bytes. */
  headsRoot: Buffer;
  /** The audit path of the log's last leaf, nearest sibling first. */
  path: readonly Buffer[];
}

/** That a checkpoint covers a chain up to a head. */
export interface HeadProof extends CheckpointProof {
  head: ChainHead;
  /** Its place among the heads, from 0. */
  index: number;
  /** The audit path of the head, nearest sibling first. */
  headPath: readonly Buffer[];
}

/** A checkpoint's text. @throws LedgerError `malformed` */
export function encodeCheckpoint({ origin, size, root }: Checkpoint): string {
  if (
    origin === "" ||
    /[\n]/.test(origin) ||
    !Number.isSafeInteger(size) ||
    size < 0 ||
    root.length !== HASH_BYTES
  )
    throw new LedgerError(
      "malformed",
      "a checkpoint is an origin of one line, a size and a root of 32 bytes",
    );
  return `${origin}\n${size}\n${root.toString("base64")}\n`;
}

/** @throws LedgerError `malformed` */
export function decodeCheckpoint(text: string): Checkpoint {
  const [, origin, size, root] =
    /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*$/.exec(text) ?? [];
  if (origin === undefined || size === undefined || root === undefined || !Number.isSafeInteger(Number(size)))
    throw new LedgerError("malformed", "this is no checkpoint");
  return { origin, size: Number(size), root: Buffer.from(root, "base64") };
}

/**
 * The checkpoint that one of these keys has signed; null where none has.
 * @throws LedgerError `malformed`, `too_large`
 */
export function openCheckpoint(note: string, keys: readonly NoteKey[]): Checkpoint | null {
  const text = openNote(note, keys);
  return text === null ? null : decodeCheckpoint(text);
}

/**
 * The checkpoint, where it is signed and its last leaf is the entry of these heads; else null. Trusts nothing but the keys.
 * @throws LedgerError `malformed`, `too_large`
 */
export function verifyCheckpoint(proof: CheckpointProof, keys: readonly NoteKey[]): Checkpoint | null {
  const checkpoint = openCheckpoint(proof.note, keys);
  if (checkpoint === null || checkpoint.size === 0) return null;
  const leaf = leafHash(headsEntry(proof.time, proof.chains, proof.headsRoot));
  const { size, root } = checkpoint;
  return verifyInclusion(leaf, size - 1, size, proof.path, root) ? checkpoint : null;
}

/**
 * The checkpoint, where it is signed and covers this chain up to this head; else null.
 * @throws LedgerError `malformed`, `too_large`
 */
export function verifyHead(proof: HeadProof, keys: readonly NoteKey[]): Checkpoint | null {
  const leaf = leafHash(encodeHead(proof.head));
  const { index, chains, headPath, headsRoot } = proof;
  return verifyInclusion(leaf, index, chains, headPath, headsRoot) ? verifyCheckpoint(proof, keys) : null;
}

/**
 * The proof that a checkpoint covers a chain; null where the chain is not among the heads.
 * @param heads as `encodeHeads` wrote them @throws LedgerError `malformed`
 */
export function proveHead(
  checkpoint: Omit<CheckpointProof, "chains" | "headsRoot">,
  heads: Buffer,
  chain: string,
): HeadProof | null {
  const decoded = decodeHeads(heads);
  const index = decoded.findIndex((head) => head.chain === chain);
  if (index === -1) return null;
  const leaves = headLeaves(heads);
  return {
    ...checkpoint,
    chains: decoded.length,
    headsRoot: merkleRoot(leaves),
    head: decoded[index]!,
    index,
    headPath: inclusionProof(leaves, index),
  };
}
