import { TRPCError } from "@trpc/server";
import type { ErrorCode, KeyfoldError } from "../error.ts";

type TrpcCode = TRPCError["code"];

/** The one map from the domain's codes to HTTP and tRPC. */
const MAP: Record<ErrorCode, readonly [status: number, trpc: TrpcCode]> = {
  bad_input: [400, "BAD_REQUEST"],
  unauthenticated: [401, "UNAUTHORIZED"],
  approval_required: [403, "FORBIDDEN"],
  factor_required: [403, "FORBIDDEN"],
  too_many_attempts: [429, "TOO_MANY_REQUESTS"],
  link_ended: [410, "PRECONDITION_FAILED"],
  forbidden: [403, "FORBIDDEN"],
  not_found: [404, "NOT_FOUND"],
  name_taken: [409, "CONFLICT"],
  not_empty: [409, "CONFLICT"],
  version_mismatch: [409, "CONFLICT"],
  idempotency_mismatch: [422, "UNPROCESSABLE_CONTENT"],
  secret_empty: [409, "CONFLICT"],
  version_pending: [409, "CONFLICT"],
  version_kept: [409, "CONFLICT"],
  version_expired: [410, "PRECONDITION_FAILED"],
  version_revoked: [410, "PRECONDITION_FAILED"],
  version_destroyed: [410, "PRECONDITION_FAILED"],
  in_use: [409, "CONFLICT"],
  illegal_state: [409, "CONFLICT"],
  too_large: [413, "PAYLOAD_TOO_LARGE"],
  decryption_failed: [500, "INTERNAL_SERVER_ERROR"],
  integrity_failed: [500, "INTERNAL_SERVER_ERROR"],
  // RFC 9110 §15.5.20: misdirected. It will be the same here however often it is asked.
  wrong_region: [421, "PRECONDITION_FAILED"],
  conflict: [409, "CONFLICT"],
  busy: [503, "SERVICE_UNAVAILABLE"],
  database_unavailable: [503, "SERVICE_UNAVAILABLE"],
  database_slow: [503, "SERVICE_UNAVAILABLE"],
  database_full: [503, "SERVICE_UNAVAILABLE"],
  audit_unavailable: [503, "SERVICE_UNAVAILABLE"],
  key_unavailable: [503, "SERVICE_UNAVAILABLE"],
  key_used_up: [409, "CONFLICT"],
  upstream_unavailable: [503, "SERVICE_UNAVAILABLE"],
  internal: [500, "INTERNAL_SERVER_ERROR"],
};

export function httpStatus(code: ErrorCode): number {
  return MAP[code][0];
}

/** Our error as tRPC's; the cause keeps ours, for a host's error formatter. */
export function trpcError(error: KeyfoldError): TRPCError {
  return new TRPCError({ code: MAP[error.code][1], message: error.message, cause: error });
}
