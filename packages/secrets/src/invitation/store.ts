import type { Query } from "@keyfold/db";
import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";
import type { Services } from "../flow/services.ts";
import { jsonActor } from "../input/stored.ts";
import { type StoredGrant, storedGrants } from "../member/grant.ts";
import type { InvitationView } from "./schema.ts";

/** An invitation's row, authenticated and parsed. */
export interface InvitationRow {
  id: string;
  digest: Buffer;
  email: string;
  grants: StoredGrant[];
  expiresAt: Date;
  acceptedAt: Date | null;
  cancelledAt: Date | null;
  createdAt: Date;
  createdBy: unknown;
  generation: number;
  mac: Uint8Array;
}

export const INVITATION_COLUMNS = `i.id, i.digest, i.email, i.grants, i.expires_at AS "expiresAt", i.accepted_at AS "acceptedAt",
  i.cancelled_at AS "cancelledAt", i.created_at AS "createdAt", i.created_by AS "createdBy", i.generation, i.mac`;

/** @throws KeyfoldError `integrity_failed` */
export function invitationRow(
  { mac }: Pick<Services, "mac">,
  tenantId: string,
  row: Omit<InvitationRow, "grants"> & { grants: unknown },
): InvitationRow {
  mac.check("invitations", tenantId, row);
  const grants = storedGrants.safeParse(row.grants);
  if (!grants.success) throw new KeyfoldError("integrity_failed");
  return { ...row, grants: grants.data };
}

export function viewInvitation(row: InvitationRow): InvitationView {
  return {
    id: row.id,
    email: row.email,
    grants: row.grants,
    expiresAt: row.expiresAt.toISOString(),
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
  };
}

/**
 * An invitation that is open still, locked until the transaction ends.
 * @throws KeyfoldError `not_found`, `integrity_failed`
 */
export async function lockInvitation(
  services: Services,
  { query, now }: { query: Query; now: Date },
  tenantId: string,
  id: string,
): Promise<InvitationRow> {
  const [row] = await query<InvitationRow>(
    `SELECT ${INVITATION_COLUMNS} FROM control_plane.invitations i WHERE i.tenant_id = $1::uuid AND i.id = $2::uuid FOR UPDATE`,
    [tenantId, id],
  );
  if (row === undefined || row.acceptedAt !== null || row.cancelledAt !== null || row.expiresAt <= now)
    throw new KeyfoldError("not_found");
  return invitationRow(services, tenantId, row);
}

/** Ends an invitation, one way or the other. */
export async function endInvitation(
  unit: Unit,
  row: InvitationRow,
  how: "acceptedAt" | "cancelledAt",
): Promise<void> {
  const { mac: _, ...old } = row;
  const ended = unit.call.services.mac.seal("invitations", unit.tenantId, {
    ...old,
    [how]: unit.now,
    generation: row.generation + 1,
  });
  const written = await unit.query(
    `UPDATE control_plane.invitations SET accepted_at = $3::timestamptz, cancelled_at = $4::timestamptz, generation = $5::int, mac = $6::bytea
      WHERE tenant_id = $1::uuid AND id = $2::uuid AND generation = $5::int - 1 RETURNING 1`,
    [unit.tenantId, row.id, ended.acceptedAt, ended.cancelledAt, ended.generation, ended.mac],
  );
  if (written.length === 0) throw new KeyfoldError("conflict");
}
