import { KeyfoldError } from "../error.ts";
import { TermClosed } from "../key/term/term-errors.ts";

/**
 * Says which of our errors a database error is, or null for what is none. Works on pg's errors and on Prisma's, which
 * keep the SQLSTATE in `meta.driverAdapterError.cause`. Their messages can hold values and never travel on: they stay
 * in `cause`, for the operator's log, and only there by name and code.
 */
export function databaseError(error: unknown): KeyfoldError | null {
  const state = sqlState(error);
  if (state === "KF410") return new TermClosed(error);
  const code = state === null ? byShape(error) : byState(state);
  return code === null ? null : new KeyfoldError(code, { cause: error });
}

/** The unique index or constraint that refused a row, if that is what happened. */
export function violatedIndex(error: unknown): string | null {
  if (sqlState(error) !== "23505") return null;
  const cause = adapterCause(error);
  const constraint = (error as { constraint?: unknown }).constraint ?? cause?.constraint;
  if (typeof constraint === "string") return constraint;
  if (typeof constraint === "object" && constraint !== null && "index" in constraint)
    return String(constraint.index);
  const message = String(cause?.originalMessage ?? (error as { message?: unknown }).message ?? "");
  return /unique constraint "([a-z_]+)"/.exec(message)?.[1] ?? "unknown";
}

/** The SQLSTATE of a database error; null for what has none. */
export function sqlState(error: unknown): string | null {
  const own = (error as { code?: unknown } | null)?.code;
  if (
    typeof own === "string" &&
    /^[0-9A-Z]{5}$/.test(own) &&
    !own.startsWith("P1") &&
    !/^P2\d{3}$/.test(own) &&
    !own.startsWith("E")
  )
    return own;
  const original = adapterCause(error)?.originalCode;
  if (typeof original === "string") return original;
  return own === "P2002" ? "23505" : null;
}

/**
 * Whether an error leaves open what became of what was sent: the connection was lost before the answer came. What could not
 * be sent at all, and what the server refused, leaves nothing open.
 */
export function leavesOpen(error: unknown): boolean {
  const state = sqlState(error);
  // 57P03 is a server that lets nobody in yet.
  if (state !== null) return state === "40003" || (/^(08|57P)/.test(state) && state !== "57P03");
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const kind = adapterCause(error)?.kind;
  if (kind === "ConnectionClosed" || kind === "SocketTimeout" || code === "P1017") return true;
  if (isBroken(error)) return true;
  return (
    typeof message === "string" &&
    /Connection (terminated|ended)|Query read timeout/.test(message) &&
    !message.includes("due to connection timeout")
  );
}

const BROKEN = new Set([
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EPROTO",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
]);

/** Whether a connection was cut, or garbled under TLS, while it was there: of one that was never made it is `connect` that failed. */
function isBroken(error: unknown): boolean {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  return (
    typeof code === "string" && syscall !== "connect" && (BROKEN.has(code) || code.startsWith("ERR_SSL_"))
  );
}

function adapterCause(error: unknown): Record<string, unknown> | null {
  const meta = (error as { meta?: { driverAdapterError?: { cause?: unknown } } } | null)?.meta;
  const cause =
    meta?.driverAdapterError?.cause ??
    ((error as { name?: unknown })?.name === "DriverAdapterError"
      ? (error as { cause?: unknown }).cause
      : null);
  return typeof cause === "object" && cause !== null ? (cause as Record<string, unknown>) : null;
}

type DatabaseCode =
  | "database_unavailable"
  | "database_slow"
  | "database_full"
  | "conflict"
  | "illegal_state"
  | "name_taken"
  | "busy";

function byState(state: string): DatabaseCode | null {
  if (state === "23505") return "name_taken";
  if (state === "40001" || state === "40P01" || state === "KF409") return "conflict";
  if (state === "KF403" || state === "23503" || state === "23514") return "illegal_state";
  if (state === "57014" || state === "55P03") return "database_slow";
  if (state === "53300") return "busy";
  if (state.startsWith("53") || state === "58030") return "database_full";
  // Lost, shutting down, starting up, read-only (a failover's old primary).
  if (state.startsWith("08") || state.startsWith("57P") || state === "25006" || state === "25P03")
    return "database_unavailable";
  return null;
}

const LOST = new Set([...BROKEN, "ECONNREFUSED", "ENOTFOUND", "ENOENT", "EAI_AGAIN"]);

function byShape(error: unknown): DatabaseCode | null {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  const kind = adapterCause(error)?.kind;
  if (typeof code === "string" && (LOST.has(code) || isBroken(error) || /^P10\d\d$/.test(code)))
    return "database_unavailable";
  if (kind === "DatabaseNotReachable" || kind === "ConnectionClosed" || kind === "SocketTimeout")
    return "database_unavailable";
  if (kind === "TooManyConnections" || code === "P2024" || code === "P2037") return "busy";
  if (code === "P2034" || code === "P2025" || kind === "TransactionWriteConflict") return "conflict";
  // P2028: Prisma's own limit on how long a transaction may wait or take.
  if (code === "P2028") return "database_slow";
  const message =
    name === "Error" || name === "DriverAdapterError" || typeof code === "string"
      ? String((error as { message?: unknown }).message ?? "")
      : "";
  if (
    /timeout exceeded when trying to connect|Connection terminated|Connection ended|Client has encountered a connection error|Client was closed/i.test(
      message,
    )
  )
    return "database_unavailable";
  if (/Query read timeout/i.test(message)) return "database_slow";
  return null;
}
