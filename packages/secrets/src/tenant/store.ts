import type { Transaction } from "@keyfold/db";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { jsonActor } from "../input/stored.ts";
import type { TenantView } from "./schema.ts";

export interface TenantRow {
  id: string;
  slug: string;
  name: string;
  createdAt: Date;
  createdBy: unknown;
  deletedAt: Date | null;
  purgedAt: Date | null;
  generation: number;
  mac: Uint8Array;
}

/**
 * The tenant of this transaction, authenticated.
 * @throws KeyfoldError `not_found` where there is none or it was deleted; `integrity_failed`
 */
export async function loadTenant(
  unit: Transaction & { call: Call },
  tenantId: string,
  options: { deleted?: boolean } = {},
): Promise<TenantRow> {
  const row = await unit.sql.tenant.findUnique({ where: { id: tenantId } });
  if (row === null || row.purgedAt !== null || (row.deletedAt !== null && !options.deleted))
    throw new KeyfoldError("not_found");
  unit.call.services.mac.check("tenants", row.id, row);
  return row;
}

export function viewTenant(row: TenantRow): TenantView {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
    deletedAt: row.deletedAt?.toISOString() ?? null,
  };
}

/** Writes a tenant's row anew, one generation on. */
export async function moveTenant(
  unit: Transaction & { call: Call },
  row: TenantRow,
  to: Partial<Pick<TenantRow, "slug" | "name" | "deletedAt" | "purgedAt">>,
): Promise<TenantRow> {
  const { mac: _, ...old } = row;
  const moved = unit.call.services.mac.seal("tenants", row.id, {
    ...old,
    ...to,
    generation: row.generation + 1,
  });
  await unit.sql.tenant.update({
    where: { id: row.id, generation: row.generation },
    data: {
      slug: moved.slug,
      name: moved.name,
      deletedAt: moved.deletedAt,
      purgedAt: moved.purgedAt,
      generation: moved.generation,
      mac: moved.mac,
    },
  });
  return moved;
}
