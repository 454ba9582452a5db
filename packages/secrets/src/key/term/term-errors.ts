import { KeyfoldError } from "../../error.ts";

/** Something was sealed under a key's term that takes on nothing new any more: fetch the newest one and seal it again. */
export class TermClosed extends KeyfoldError {
  constructor(cause: unknown) {
    super("conflict", { cause });
  }
}

/**
 * A key's term is not there. Either it came to its end after the row that names it was read, and the row has moved to the
 * newest one: read again. Or the key was shredded, and then it stays away.
 */
export class TermGone extends KeyfoldError {
  constructor(term: number) {
    super("decryption_failed", { cause: new Error(`key term ${term} is gone: it was shredded`) });
  }
}
