import { randomUUID } from "node:crypto";
import { actorRef, type UserActor } from "../access/actor.ts";
import type { NamedSecret } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";
import { type ApprovalRow, approvalRow, type StoredApproval } from "./rows.ts";

/** How long a request waits to be decided, and how long what was decided is good, in seconds. */
export const WAIT_SECONDS = 24 * 3600;
const USE_SECONDS = 3600;
/** How long a broken glass lets its owner at the secret, in seconds. */
export const GLASS_SECONDS = 900;

export async function insertApproval(
  unit: Unit,
  person: UserActor,
  about: NamedSecret,
  facts: Pick<ApprovalRow, "kind" | "reason"> & { decided: boolean; seconds: number },
): Promise<ApprovalRow> {
  const by = { ...actorRef(person) };
  const row: ApprovalRow = unit.call.services.mac.seal("approvals", unit.tenantId, {
    id: randomUUID(),
    kind: facts.kind,
    projectId: about.projectId,
    environmentId: about.environmentId,
    name: about.name,
    reason: facts.reason,
    personId: person.id,
    requestedBy: by,
    requestedAt: unit.now,
    state: facts.decided ? ("approved" as const) : ("requested" as const),
    decidedBy: facts.decided ? by : null,
    decidedAt: facts.decided ? unit.now : null,
    decisionReason: null,
    expiresAt: new Date(unit.now.getTime() + facts.seconds * 1000),
    generation: 1,
  });
  await unit.query(
    `INSERT INTO control_plane.approvals (tenant_id, id, kind, project_id, environment_id, name, reason, person_id, requested_by,
        requested_at, state, decided_by, decided_at, expires_at, generation, mac)
       VALUES ($1::uuid, $2::uuid, $3, $4::uuid, $5::uuid, $6, $7, $8::uuid, $9::jsonb, $10, $11, $12::jsonb, $13, $14, 1, $15)`,
    [
      unit.tenantId,
      row.id,
      row.kind,
      row.projectId,
      row.environmentId,
      row.name,
      row.reason,
      row.personId,
      JSON.stringify(row.requestedBy),
      row.requestedAt,
      row.state,
      row.decidedBy === null ? null : JSON.stringify(row.decidedBy),
      row.decidedAt,
      row.expiresAt,
      row.mac,
    ],
  );
  return row;
}

/** A request, locked. @throws KeyfoldError `not_found`, `integrity_failed` */
export async function lockApproval(unit: Unit, id: string): Promise<ApprovalRow> {
  const [row] = await unit.query<StoredApproval>(
    "SELECT * FROM control_plane.approvals WHERE tenant_id = $1::uuid AND id = $2::uuid FOR UPDATE",
    [unit.tenantId, id],
  );
  if (row === undefined) throw new KeyfoldError("not_found");
  return approvalRow(unit.call.services.mac, unit.tenantId, row);
}

/** Writes down what was decided; a yes is good for an hour. @throws KeyfoldError `conflict` when another came first */
export async function decide(
  unit: Unit,
  row: ApprovalRow,
  approve: boolean,
  decisionReason: string | null,
): Promise<ApprovalRow> {
  const { mac: _, ...old } = row;
  const moved = unit.call.services.mac.seal("approvals", unit.tenantId, {
    ...old,
    state: approve ? ("approved" as const) : ("refused" as const),
    decidedBy: { ...actorRef(unit.call.actor) },
    decidedAt: unit.now,
    decisionReason,
    expiresAt: approve ? new Date(unit.now.getTime() + USE_SECONDS * 1000) : row.expiresAt,
    generation: row.generation + 1,
  });
  const written = await unit.query(
    `UPDATE control_plane.approvals SET state = $4, decided_by = $5::jsonb, decided_at = $6, expires_at = $7, generation = $8, mac = $9,
        decision_reason = $10
      WHERE tenant_id = $1::uuid AND id = $2::uuid AND generation = $3 RETURNING 1`,
    [
      unit.tenantId,
      row.id,
      row.generation,
      moved.state,
      JSON.stringify(moved.decidedBy),
      moved.decidedAt,
      moved.expiresAt,
      moved.generation,
      moved.mac,
      moved.decisionReason,
    ],
  );
  if (written.length === 0) throw new KeyfoldError("conflict");
  return moved;
}
