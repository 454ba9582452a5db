import { type Checkpoint, openCheckpoint } from "../checkpoint.ts";
import type { NoteKey } from "../note.ts";
import { verifyConsistency } from "../proof.ts";
import type { ConsistencyLine } from "./lines.ts";

/** That the log of checkpoints has only grown from one size to another. */
export interface Consistent {
  /** The earlier checkpoint's size, and the later one's. */
  from: number;
  to: number;
  /** Whether the earlier one is the one from outside. */
  kept: boolean;
}

/** Checkpoints of one log that do not fit each other, or are not shown to. */
export interface Inconsistent {
  ok: false;
  problem: "wrong_key" | "inconsistent";
  sentence: string;
}

/**
 * Holds a file's checkpoint against an earlier one by the file's proof, and both against the one from outside.
 * @param line null: the file has no proof
 * @param last the file's checkpoint, @param kept the one from outside; both verified
 * @returns null where nothing contradicts and nothing is shown
 */
export function judgeConsistency(
  line: ConsistencyLine | null,
  last: Checkpoint,
  kept: Checkpoint | null,
  key: NoteKey,
): Consistent | Inconsistent | null {
  if (contradict(last, kept)) return twoStories(last);
  if (line === null) return null;
  const from = openCheckpoint(line.from, [key]);
  if (from === null)
    return {
      ok: false,
      problem: "wrong_key",
      sentence: "The earlier checkpoint in the file is not signed by this key.",
    };
  if (contradict(from, kept)) return twoStories(from);
  if (
    from.origin !== last.origin ||
    !verifyConsistency(from.size, last.size, from.root, last.root, line.path)
  )
    return {
      ok: false,
      problem: "inconsistent",
      sentence: `The log of checkpoints at size ${last.size} is not shown to continue the one at size ${from.size}: the proof in the file was edited, or checkpoints were made anew.`,
    };
  return {
    from: from.size,
    to: last.size,
    kept: kept !== null && kept.origin === from.origin && kept.size === from.size,
  };
}

/** Of one log and one size, and not the same. */
const contradict = (one: Checkpoint, other: Checkpoint | null): boolean =>
  other !== null && one.origin === other.origin && one.size === other.size && !one.root.equals(other.root);

const twoStories = ({ size }: Checkpoint): Inconsistent => ({
  ok: false,
  problem: "inconsistent",
  sentence: `A checkpoint in the file and the one from outside are both of the log's size ${size}, both are signed, and they differ: whoever holds the signing key has told two stories.`,
});
