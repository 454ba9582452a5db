import type { AuditEvent, Outcome } from "@keyfold/ledger";
import type { ErrorCode, KeyfoldError } from "../error.ts";
import { RowRefused } from "../integrity/row-refused.ts";

const OUTCOMES: Partial<Record<ErrorCode, Outcome>> = {
  forbidden: "denied",
  approval_required: "denied",
  factor_required: "denied",
  too_many_attempts: "denied",
  link_ended: "denied",
  wrong_region: "denied",
  unauthenticated: "denied",
  not_found: "not_found",
  decryption_failed: "decryption_failed",
  integrity_failed: "error",
  version_expired: "denied",
  version_revoked: "denied",
  version_destroyed: "denied",
  version_pending: "denied",
  version_kept: "denied",
  secret_empty: "denied",
};

/** What the audit log calls a refusal; undefined for what it does not hear of, such as input that was never valid. */
export const outcomeOf = ({ code }: KeyfoldError): Outcome | undefined => OUTCOMES[code];

/** What a refusal's event says besides its code: of a stored row that is not authentic, which one. */
export function refusalDetails(error: unknown): AuditEvent["details"] {
  return error instanceof RowRefused ? { row: error.row.table, rowId: error.row.id } : {};
}
