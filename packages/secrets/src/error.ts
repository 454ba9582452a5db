/**
 * Every way a call can fail, and the one sentence that a caller reads for it. Adapters map the codes to HTTP and
 * tRPC; nothing else of a cause reaches a caller. "Not yours" and "not there" are one code, `not_found`.
 */
export const ERRORS = {
  bad_input: "The request is not valid.",
  unauthenticated: "Give a valid token.",
  approval_required: "Another person must approve this first.",
  factor_required: "Prove a second factor for this.",
  too_many_attempts: "Too many tries have failed. Wait a quarter of an hour, and try again.",
  link_ended: "This link has expired or was used already. Ask for a new one.",
  forbidden: "This token does not allow that.",
  not_found: "There is no such thing here, or this token may not see it.",
  name_taken: "That name is taken.",
  not_empty: "It still holds secrets. Delete them first.",
  version_mismatch: "It has changed since you read it. Read it again and decide anew.",
  idempotency_mismatch: "This idempotency key was used for another request.",
  secret_empty: "This secret has no current version: it was revoked or destroyed. Set a new value.",
  version_pending: "This version is not in use yet.",
  version_kept: "This version is kept for rolling back only, and does not open.",
  version_expired: "This version's grace has ended.",
  version_revoked: "This version was revoked.",
  version_destroyed: "This version was destroyed.",
  in_use: "Consumers still use this. Do it all the same with `force` and a reason.",
  illegal_state: "That cannot be done in the state it is in.",
  too_large: "That is larger than this deployment allows.",
  decryption_failed: "This value could not be decrypted. The operator's log says why.",
  integrity_failed: "A stored row failed its integrity check and was refused. The operator's log says which.",
  wrong_region: "Another region serves that.",
  conflict: "Another change came in between. Try again.",
  busy: "Too much is going on at once. Try again.",
  database_unavailable: "The database cannot be reached. Try again.",
  database_slow: "The database did not answer in time. Try again.",
  database_full: "The database cannot store more. The operator must make room.",
  audit_unavailable: "The audit event could not be stored, and so nothing was done.",
  key_unavailable: "The key service cannot be reached. Try again.",
  key_used_up: "This key has wrapped as many keys as one key safely may. The operator must rotate it.",
  upstream_unavailable:
    "There is no such secret here, and the upstream that may have it did not answer. Try again.",
  internal: "Something went wrong here. The operator finds it by the correlation id.",
} as const;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  /** What exactly is wrong with the input, path by path; never the input itself. */
  issues?: readonly { path: string; message: string }[];
  /** A sentence of ours instead of the code's usual one; never built from input or a cause. */
  sentence?: string;
  /** For the operator's log only. */
  cause?: unknown;
}

/**
 * The one error that leaves this package. `message` is always safe to show, and `cause` safe to log: of an error that
 * is not ours it keeps the kind and the place, since a driver's message can quote a value.
 */
export class KeyfoldError extends Error {
  override readonly name = "KeyfoldError";
  readonly code: ErrorCode;
  readonly issues: readonly { path: string; message: string }[] | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(
      details.sentence ?? ERRORS[code],
      details.cause == null ? undefined : { cause: withoutForeignWords(details.cause) },
    );
    this.code = code;
    this.issues = details.issues;
  }
}

/** Says which of our errors a caught one is; a stranger becomes `internal` and keeps its cause for the log. */
export function asKeyfoldError(error: unknown): KeyfoldError {
  return error instanceof KeyfoldError ? error : new KeyfoldError("internal", { cause: error });
}

/** Whose messages are sentences of ours. */
const OURS: ReadonlySet<unknown> = new Set(["Error", "EnvelopeError", "KeyfoldError", "LedgerError"]);

/** What an operator's log may say of a cause: its kind and our own words, never a driver's message. */
export function describeCause(cause: unknown): Record<string, unknown> | null {
  if (cause === undefined || cause === null) return null;
  const { name, code, message, stack } = cause as {
    name?: unknown;
    code?: unknown;
    message?: unknown;
    stack?: unknown;
  };
  return {
    name: typeof name === "string" ? name : typeof cause,
    ...(typeof code === "string" ? { code } : {}),
    ...(OURS.has(name) && typeof message === "string" ? { message } : {}),
    // Where, not what: a stack's first line repeats the message.
    ...(typeof stack === "string"
      ? {
          at: stack
            .split("\n")
            .filter((line) => /^\s+at /.test(line))
            .slice(0, 6)
            .map((line) => line.trim()),
        }
      : {}),
  };
}

/** An error that can be logged whole: as `describeCause` has it, with nothing hanging from it. */
function withoutForeignWords(cause: unknown): Error {
  const { name, code, message, at } = describeCause(cause) as {
    name: string;
    code?: string;
    message?: string;
    at?: string[];
  };
  const safe = new Error(message ?? "(its own words are left out: they could hold a value)");
  safe.name = name;
  safe.stack = [`${name}: ${safe.message}`, ...(at ?? []).map((line) => `    ${line}`)].join("\n");
  return code === undefined ? safe : Object.assign(safe, { code });
}
