import type { RowMac } from "../integrity/row-mac.ts";
import type { Algorithm } from "../key/suite/algorithm.ts";

/** The tenant in a row that is about who calls: of `find_token()` and `find_member()`. */
export interface JoinedTenant {
  t_slug: string;
  t_name: string;
  t_created_at: Date;
  t_created_by: unknown;
  t_deleted_at: Date | null;
  t_purged_at: Date | null;
  t_grace_seconds: number | null;
  t_algorithm: Algorithm | null;
  t_generation: number;
  t_mac: Buffer;
}

/** @throws KeyfoldError `integrity_failed` */
export function checkJoinedTenant(mac: RowMac, tenantId: string, row: JoinedTenant): void {
  mac.check("tenants", tenantId, {
    id: tenantId,
    slug: row.t_slug,
    name: row.t_name,
    createdAt: row.t_created_at,
    createdBy: row.t_created_by,
    deletedAt: row.t_deleted_at,
    purgedAt: row.t_purged_at,
    graceSeconds: row.t_grace_seconds,
    algorithm: row.t_algorithm,
    generation: row.t_generation,
    mac: row.t_mac,
  });
}
