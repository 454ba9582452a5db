import { TRPCClientError } from "@trpc/client";
import { type Issue, KeyfoldClientError, type KeyfoldErrorCode } from "./error.ts";
import type { Answer } from "./fetch.ts";

/** What Keyfold's error formatter puts into an error's data. */
interface KeyfoldData {
  code: string;
  message: string;
  issues?: readonly Issue[];
  correlationId?: string | null | undefined;
}

/** What the server's HTTP side says before a verb is reached, as what it means to a caller of this package. */
const BEFORE_A_VERB: Readonly<Record<string, KeyfoldErrorCode>> = {
  no_route: "bad_answer",
  method_not_allowed: "bad_answer",
  not_json: "bad_answer",
  wrong_host: "bad_answer",
  cross_site: "forbidden",
  local_only: "forbidden",
  too_many_guesses: "busy",
  too_many_calls: "busy",
  not_ready: "busy",
};

/**
 * Turns whatever a call through tRPC threw into our error. Messages of strangers are dropped: a parser's quotes what
 * it could not read, and that can be a value.
 */
export function clientError(error: unknown): KeyfoldClientError {
  if (error instanceof KeyfoldClientError) return error;
  if (!(error instanceof TRPCClientError)) return new KeyfoldClientError("bad_answer");
  if (error.cause instanceof KeyfoldClientError) return error.cause;
  if (isAbort(error.cause)) return new KeyfoldClientError("aborted");

  const answer = error.meta?.response as Answer | undefined;
  const data = error.data as { httpStatus?: number; keyfold?: KeyfoldData } | null | undefined;
  const status = data?.httpStatus ?? answer?.status;
  const keyfold = data?.keyfold;
  if (keyfold === undefined) return strangersError(status, answer);
  return refusal(keyfold, status, answer?.retryAfterMs);
}

/** What Keyfold itself said. */
export function refusal(
  { code, message, issues, correlationId }: KeyfoldData,
  status: number | undefined,
  retryAfterMs: number | null | undefined,
): KeyfoldClientError {
  const meant = Object.hasOwn(BEFORE_A_VERB, code) ? BEFORE_A_VERB[code]! : (code as KeyfoldErrorCode);
  return new KeyfoldClientError(meant, {
    message,
    status,
    correlationId: correlationId ?? undefined,
    issues,
    retryAfterMs,
  });
}

/** An error that Keyfold's own formatter did not write: a proxy's, or that of a host app with a formatter of its own. */
function strangersError(status: number | undefined, answer: Answer | undefined): KeyfoldClientError {
  const facts = { status, retryAfterMs: answer?.retryAfterMs, message: `The server answered ${status}.` };
  if (status === 401) return new KeyfoldClientError("unauthenticated", facts);
  if (status === 403) return new KeyfoldClientError("forbidden", facts);
  if (status === 413) return new KeyfoldClientError("too_large", facts);
  if (status === 429 || status === 503) return new KeyfoldClientError("busy", facts);
  if (status === 400 || status === 422) return new KeyfoldClientError("bad_input", facts);
  if (status !== undefined && status >= 500) return new KeyfoldClientError("internal", facts);
  // Not "not_found": a missing procedure is no word about a secret.
  return new KeyfoldClientError("bad_answer", { status });
}

const isAbort = (cause: unknown): boolean => (cause as { name?: unknown } | undefined)?.name === "AbortError";
