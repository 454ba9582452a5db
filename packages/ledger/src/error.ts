/**
 * - `malformed`: not what the format says (docs/audit-format.md), or not canonical.
 * - `too_large`: over a limit of the format.
 * - `unsupported_version`: an event of another format version; a newer Keyfold may read it.
 */
export type LedgerErrorCode = "malformed" | "too_large" | "unsupported_version";

/** The only error this package throws. Its message names a field or a limit and never holds a value. */
export class LedgerError extends Error {
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string) {
    super(message);
    this.name = "LedgerError";
    this.code = code;
  }
}
