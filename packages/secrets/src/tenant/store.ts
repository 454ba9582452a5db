import type { SqlTransaction } from "@keyfold/db";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { jsonActor } from "../input/stored.ts";
import type { Algorithm } from "../key/suite/algorithm.ts";
import { type Residency, residencyOf } from "../region/region.ts";
import type { TenantView } from "./schema.ts";

export interface TenantRow {
  id: string;
  slug: string;
  name: string;
  createdAt: Date;
  createdBy: unknown;
  deletedAt: Date | null;
  purgedAt: Date | null;
  /** Seconds that a superseded version still opens, where its secret does not say; null: the deployment's default. */
  graceSeconds: number | null;
  /** What wraps the keys over its secrets' values where they do not say; null: the deployment's default. */
  algorithm: Algorithm | null;
  generation: number;
  mac: Uint8Array;
}

/**
 * The tenant of this transaction, authenticated.
 * @throws KeyfoldError `not_found` where there is none or it was deleted; `integrity_failed`
 */
export async function loadTenant(
  unit: SqlTransaction & { call: Call },
  tenantId: string,
  options: { deleted?: boolean } = {},
): Promise<TenantRow> {
  const [row] = await unit.query<TenantRow>(
    `SELECT id, slug, name, created_at AS "createdAt", created_by AS "createdBy", deleted_at AS "deletedAt",
            purged_at AS "purgedAt", grace_seconds AS "graceSeconds", algorithm, generation, mac FROM control_plane.tenants WHERE id = $1::uuid`,
    [tenantId],
  );
  if (row === undefined || row.purgedAt !== null || (row.deletedAt !== null && !options.deleted))
    throw new KeyfoldError("not_found");
  unit.call.services.mac.check("tenants", row.id, row);
  return row;
}

export function viewTenant(row: TenantRow, { regions }: Pick<Services, "regions">): TenantView {
  return {
    ...(regions === null ? { regions: null, home: null } : viewResidency(residencyOf(row.id, regions.all))),
    id: row.id,
    slug: row.slug,
    name: row.name,
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
    graceSeconds: row.graceSeconds,
    algorithm: row.algorithm,
    deletedAt: row.deletedAt?.toISOString() ?? null,
  };
}

const viewResidency = ({ regions, home }: Residency) => ({ regions: regions && [...regions], home });

/** Writes a tenant's row anew, one generation on. */
export async function moveTenant(
  unit: SqlTransaction & { call: Call },
  row: TenantRow,
  to: Partial<Pick<TenantRow, "slug" | "name" | "deletedAt" | "purgedAt" | "graceSeconds" | "algorithm">>,
): Promise<TenantRow> {
  const { mac: _, ...old } = row;
  const moved = unit.call.services.mac.seal("tenants", row.id, {
    ...old,
    ...to,
    generation: row.generation + 1,
  });
  const written = await unit.query(
    `UPDATE control_plane.tenants SET slug = $3, name = $4, deleted_at = $5, purged_at = $6, generation = $7, mac = $8, grace_seconds = $9, algorithm = $10
      WHERE id = $1::uuid AND generation = $2 RETURNING 1`,
    [
      row.id,
      row.generation,
      moved.slug,
      moved.name,
      moved.deletedAt,
      moved.purgedAt,
      moved.generation,
      moved.mac,
      moved.graceSeconds,
      moved.algorithm,
    ],
  );
  if (written.length === 0) throw new KeyfoldError("conflict");
  return moved;
}
