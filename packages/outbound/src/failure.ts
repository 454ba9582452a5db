import { TargetError } from "./target.ts";

/** How sending can fail before there is an answer. */
export const FAILURES = {
  refused_target: "The address is not allowed: by its text, or by where its name leads now.",
  dns: "The host's name was not found.",
  connect: "No connection could be made.",
  tls: "The host's certificate or TLS was not accepted.",
  timeout: "There was no answer in time.",
  broken: "The connection broke, or the answer was no HTTP.",
} as const;

export type Failure = keyof typeof FAILURES;

/** Says which failure a caught error is; a library's own words go nowhere. */
export function failureOf(error: unknown): Failure {
  for (let cause = error, depth = 0; cause != null && depth < 5; depth++) {
    if (cause instanceof TargetError) return "refused_target";
    const { code, name, errors, syscall } = cause as {
      code?: unknown;
      name?: unknown;
      errors?: unknown[];
      syscall?: unknown;
    };
    if (name === "TimeoutError" || TIMEOUT.has(String(code))) return "timeout";
    if (syscall === "getaddrinfo" || (typeof syscall === "string" && syscall.startsWith("query")))
      return "dns";
    if (typeof code === "string") {
      if (/^(CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME_MISMATCH)/.test(code))
        return "tls";
      if (CONNECT.has(code)) return "connect";
    }
    cause = Array.isArray(errors) ? errors[0] : (cause as { cause?: unknown }).cause;
  }
  return "broken";
}

const TIMEOUT = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ETIMEDOUT",
  "ABORT_ERR",
]);
const CONNECT = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL", "EACCES", "EINVAL"]);
