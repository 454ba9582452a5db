/**
 * - `wrong_identity`: none of what was given opens this.
 * - `damaged`: cut, edited, or never what it says.
 * - `unsupported`: made by a newer release.
 * - `refused`: it would do harm here and now; the message says what to do.
 * - `unwritable`: a file could not be read or written.
 */
export type RecoveryProblem = "wrong_identity" | "damaged" | "unsupported" | "refused" | "unwritable";

/** A backup or restore that did not happen; the message is a sentence for whoever asked, and holds nothing secret. */
export class RecoveryError extends Error {
  override readonly name = "RecoveryError";
  readonly problem: RecoveryProblem;
  constructor(problem: RecoveryProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}
