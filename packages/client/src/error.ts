import type { ErrorCode } from "./router.ts";

/** What only a client can find out; the other codes are the server's own. */
const CLIENT_ERRORS = {
  network: "Keyfold cannot be reached.",
  timeout: "Keyfold did not answer in time.",
  aborted: "The call was aborted by its caller.",
  bad_answer: "What answered does not speak as Keyfold does. Is the address right?",
  value_invalid: "The value does not match what was declared.",
} as const;

export type ClientErrorCode = keyof typeof CLIENT_ERRORS;
export type KeyfoldErrorCode = ErrorCode | ClientErrorCode;

/** One thing that is wrong: where (a field of the input, or a secret's name), and what; never a value. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

interface Facts {
  message?: string;
  status?: number | undefined;
  correlationId?: string | undefined;
  issues?: readonly Issue[] | undefined;
  retryAfterMs?: number | null | undefined;
}

/** The one error that this package throws for a call that failed. No field of it ever holds a value or a token. */
export class KeyfoldClientError<C extends KeyfoldErrorCode = KeyfoldErrorCode> extends Error {
  override readonly name = "KeyfoldClientError";
  readonly code: C;
  /** The answer's HTTP status; null where there was no answer. */
  readonly status: number | null;
  /** Names the request in the operator's log and the tenant's audit; null where the server gave none. */
  readonly correlationId: string | null;
  readonly issues: readonly Issue[];
  /** How long the server asked to wait, in milliseconds; null when it did not say. */
  readonly retryAfterMs: number | null;

  constructor(code: C, facts: Facts = {}) {
    super(facts.message ?? (CLIENT_ERRORS as Record<string, string>)[code] ?? `Keyfold refused: ${code}.`);
    this.code = code;
    this.status = facts.status ?? null;
    this.correlationId = facts.correlationId ?? null;
    this.issues = facts.issues ?? [];
    this.retryAfterMs = facts.retryAfterMs ?? null;
  }
}

/** Tells whether something caught is Keyfold's error, and, given codes, whether it is one of those. */
export function isKeyfoldError<C extends KeyfoldErrorCode = KeyfoldErrorCode>(
  error: unknown,
  ...codes: readonly C[]
): error is KeyfoldClientError<C> {
  return error instanceof KeyfoldClientError && (codes.length === 0 || codes.includes(error.code as C));
}
