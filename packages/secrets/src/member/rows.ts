import { KeyfoldError } from "../error.ts";
import type { RowMac } from "../integrity/row-mac.ts";
import { type StoredGrant, storedGrants } from "./grant.ts";

/** A member's row, authenticated and parsed. */
export interface MemberRow {
  personId: string;
  name: string;
  grants: StoredGrant[];
  createdAt: Date;
  createdBy: unknown;
  updatedAt: Date;
  removedAt: Date | null;
  generation: number;
  mac: Uint8Array;
}

export const MEMBER_COLUMNS = `m.person_id AS "personId", m.name, m.grants, m.created_at AS "createdAt", m.created_by AS "createdBy",
  m.updated_at AS "updatedAt", m.removed_at AS "removedAt", m.generation, m.mac`;

/** @throws KeyfoldError `integrity_failed` */
export function memberRow(
  mac: RowMac,
  tenantId: string,
  row: Omit<MemberRow, "grants"> & { grants: unknown },
): MemberRow {
  mac.check("memberships", tenantId, row);
  const grants = storedGrants.safeParse(row.grants);
  if (!grants.success) throw new KeyfoldError("integrity_failed");
  return { ...row, grants: grants.data };
}
