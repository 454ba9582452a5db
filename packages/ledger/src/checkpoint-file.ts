import { base64Of } from "./base64.ts";
import { type Checkpoint, type CheckpointProof, verifyCheckpoint } from "./checkpoint.ts";
import { LedgerError } from "./error.ts";
import { decodeHeads, HEAD_BYTES, headsRoot } from "./heads.ts";
import { momentOf } from "./moment.ts";
import type { NoteKey } from "./note.ts";

/*
 * A file of checkpoints that were pushed off the machine: one JSON object a line, in the order in which they were made.
 *
 *   v          1
 *   note       the signed note
 *   time       RFC 3339
 *   chains     how many heads there are in all
 *   headsRoot  the root over all heads, base64
 *   path       the audit path of the log's last leaf, each base64
 *   full       whether `heads` holds all of them, or those that changed since the line before
 *   heads      64 bytes each, base64
 *
 * Every line is signed, so a line that is cut or was edited is passed over and spoils none of the others but those that
 * build on it: up to the next full one.
 */

/** A checkpoint as a line of a file, its newline included. @param before all heads of the line before; null: none */
export function encodeCheckpointLine(made: CheckpointProof, heads: Buffer, before: Buffer | null): string {
  const known = new Map((before === null ? [] : split(before)).map((head) => [chainOf(head), head]));
  const changed = split(heads).filter((head) => known.get(chainOf(head))?.equals(head) !== true);
  return `${JSON.stringify({
    v: 1,
    note: made.note,
    time: made.time.toISOString(),
    chains: made.chains,
    headsRoot: made.headsRoot.toString("base64"),
    path: made.path.map((hash) => hash.toString("base64")),
    full: before === null,
    heads: Buffer.concat(changed).toString("base64"),
  })}\n`;
}

/** A checkpoint that a file held, verified, and how far every chain was then. */
export interface PushedCheckpoint extends Checkpoint {
  proof: CheckpointProof;
  /** All heads, 64 bytes each, sorted. */
  heads: Buffer;
}

/** Reads a file of checkpoints line by line, and keeps the newest. Trusts nothing but the keys. */
export class CheckpointReader {
  readonly #keys: readonly NoteKey[];
  #heads = new Map<string, Buffer>();
  #newest: PushedCheckpoint | null = null;
  #refused = 0;

  constructor(keys: readonly NoteKey[]) {
    this.#keys = keys;
  }

  /** The last checkpoint that was verified. */
  get newest(): PushedCheckpoint | null {
    return this.#newest;
  }

  /** How many lines were none, or were not signed by any of the keys. */
  get refused(): number {
    return this.#refused;
  }

  /** Takes the next line. @returns the checkpoint, or null where it proves nothing */
  add(line: string): PushedCheckpoint | null {
    try {
      this.#newest = this.#read(line);
      return this.#newest;
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.#refused += 1;
      return null;
    }
  }

  #read(line: string): PushedCheckpoint {
    const { full, changed, proof } = parse(line);
    const merged = new Map(full ? [] : this.#heads);
    for (const head of split(changed)) merged.set(chainOf(head), head);
    const heads = Buffer.concat([...merged.values()].sort(Buffer.compare));
    decodeHeads(heads);
    if (merged.size !== proof.chains || !headsRoot(heads).equals(proof.headsRoot)) throw none();
    const checkpoint = verifyCheckpoint(proof, this.#keys);
    if (checkpoint === null) throw none();
    this.#heads = merged;
    return { ...checkpoint, proof, heads };
  }
}

function parse(line: string): { full: boolean; changed: Buffer; proof: CheckpointProof } {
  let given: Record<string, unknown>;
  try {
    given = JSON.parse(line) as Record<string, unknown>;
  } catch {
    throw none();
  }
  if (typeof given !== "object" || given === null || given.v !== 1) throw none();
  const { note, time, chains, path, full } = given;
  if (typeof note !== "string" || typeof chains !== "number" || typeof full !== "boolean") throw none();
  const moment = typeof time === "string" ? momentOf(time) : null;
  if (moment === null || !Array.isArray(path)) throw none();
  const changed = bytes(given.heads);
  if (changed.length % HEAD_BYTES !== 0) throw none();
  return {
    full,
    changed,
    proof: {
      note,
      time: moment,
      chains,
      headsRoot: bytes(given.headsRoot),
      path: path.map(bytes),
    },
  };
}

function bytes(text: unknown): Buffer {
  const decoded = typeof text === "string" ? base64Of(text) : null;
  if (decoded === null) throw none();
  return decoded;
}

const split = (heads: Buffer): Buffer[] =>
  Array.from({ length: heads.length / HEAD_BYTES }, (_, i) =>
    heads.subarray(i * HEAD_BYTES, (i + 1) * HEAD_BYTES),
  );
const chainOf = (head: Buffer): string => head.toString("hex", 0, 16);
const none = () => new LedgerError("malformed", "this line is no checkpoint that a known key has signed");
