import { grantsFor } from "../access/authorize.ts";
import { coversPlace, coversSecret } from "../access/scope.ts";
import type { Call } from "../flow/call.ts";
import { iso, jsonActor } from "../input/stored.ts";
import type { RowMac } from "../integrity/row-mac.ts";
import type { ApprovalView } from "./schema.ts";

/** A row as SQL brings it. */
export interface StoredApproval {
  id: string;
  kind: "change" | "reveal" | "break_glass";
  project_id: string;
  environment_id: string;
  name: string;
  reason: string;
  person_id: string;
  requested_by: unknown;
  requested_at: Date;
  state: "requested" | "approved" | "refused";
  decided_by: unknown;
  decided_at: Date | null;
  decision_reason: string | null;
  expires_at: Date;
  generation: number;
  mac: Uint8Array;
}

export interface ApprovalRow {
  id: string;
  kind: StoredApproval["kind"];
  projectId: string;
  environmentId: string;
  /** The secret's name; "" for the environment itself. */
  name: string;
  reason: string;
  personId: string;
  requestedBy: unknown;
  requestedAt: Date;
  state: StoredApproval["state"];
  decidedBy: unknown;
  decidedAt: Date | null;
  decisionReason: string | null;
  expiresAt: Date;
  generation: number;
  mac: Uint8Array;
}

/** One about a secret: whoever reaches its name. One about an environment itself: whoever reaches all of it. */
export function maySeeApproval({ actor, action }: Pick<Call, "actor" | "action">, row: ApprovalRow): boolean {
  return (
    grantsFor(actor, action)?.some((grant) =>
      row.name === "" ? coversPlace(grant, row) : coversSecret(grant, row),
    ) ?? true
  );
}

/** @throws KeyfoldError `integrity_failed` */
export function approvalRow(mac: RowMac, tenantId: string, stored: StoredApproval): ApprovalRow {
  const row: ApprovalRow = {
    id: stored.id,
    kind: stored.kind,
    projectId: stored.project_id,
    environmentId: stored.environment_id,
    name: stored.name,
    reason: stored.reason,
    personId: stored.person_id,
    requestedBy: stored.requested_by,
    requestedAt: stored.requested_at,
    state: stored.state,
    decidedBy: stored.decided_by,
    decidedAt: stored.decided_at,
    decisionReason: stored.decision_reason,
    expiresAt: stored.expires_at,
    generation: stored.generation,
    mac: stored.mac,
  };
  mac.check("approvals", tenantId, row);
  return row;
}

/** @param now the database's clock */
export function viewApproval(row: ApprovalRow, now: Date): ApprovalView {
  return {
    id: row.id,
    kind: row.kind,
    projectId: row.projectId,
    environmentId: row.environmentId,
    name: row.name === "" ? null : row.name,
    reason: row.reason,
    requestedBy: jsonActor(row.requestedBy),
    requestedAt: row.requestedAt.toISOString(),
    state: row.state !== "refused" && row.expiresAt <= now ? "expired" : row.state,
    decidedBy: row.decidedBy === null ? null : jsonActor(row.decidedBy),
    decidedAt: iso(row.decidedAt),
    decisionReason: row.decisionReason,
    expiresAt: row.expiresAt.toISOString(),
  };
}
