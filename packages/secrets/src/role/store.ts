import type { Action } from "../access/actions.ts";
import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";
import { jsonActor } from "../input/stored.ts";
import { isUuid } from "../input/text.ts";
import { ROLE_COLUMNS, type RoleRow, roleRow } from "./rows.ts";
import type { RoleView } from "./schema.ts";

export function viewRole(row: RoleRow): RoleView {
  return {
    id: row.id,
    name: row.name,
    summary: row.summary,
    actions: row.actions,
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
    updatedAt: row.updatedAt.toISOString(),
  };
}

/** A live role of the tenant's own, by id or name; it stays until the transaction ends. @throws KeyfoldError `not_found` */
export async function findRole(unit: Unit, ref: string): Promise<RoleRow> {
  const [row] = await unit.query<RoleRow>(
    `SELECT ${ROLE_COLUMNS} FROM control_plane.tenant_roles r
      WHERE r.tenant_id = $1::uuid AND r.deleted_at IS NULL AND (r.id = $2::uuid OR r.name = $3::text) FOR SHARE`,
    [unit.tenantId, ...(isUuid(ref) ? [ref, null] : [null, ref])],
  );
  if (row === undefined) throw new KeyfoldError("not_found");
  return roleRow(unit.call.services.mac, unit.tenantId, row);
}

/** The actions of some of the tenant's own roles. @throws KeyfoldError `integrity_failed` */
export async function ownRoles(unit: Unit, ids: readonly string[]): Promise<Map<string, readonly Action[]>> {
  if (ids.length === 0) return new Map();
  const rows = await unit.query<RoleRow>(
    `SELECT ${ROLE_COLUMNS} FROM control_plane.tenant_roles r
      WHERE r.tenant_id = $1::uuid AND r.deleted_at IS NULL AND r.id = ANY($2::uuid[])`,
    [unit.tenantId, ids],
  );
  return new Map(
    rows.map((row) => {
      const { id, actions } = roleRow(unit.call.services.mac, unit.tenantId, row);
      return [id, actions];
    }),
  );
}

/** Writes a role's row anew, one generation on. @throws KeyfoldError `conflict` when another came first */
export async function moveRole(
  unit: Unit,
  row: RoleRow,
  to: Partial<Pick<RoleRow, "name" | "summary" | "actions" | "deletedAt">>,
): Promise<RoleRow> {
  const { mac: _, ...old } = row;
  const moved = unit.call.services.mac.seal("tenantRoles", unit.tenantId, {
    ...old,
    ...to,
    updatedAt: unit.now,
    generation: row.generation + 1,
  });
  const written = await unit.query(
    `UPDATE control_plane.tenant_roles
        SET name = $4, summary = $5, actions = $6::jsonb, updated_at = $7, deleted_at = $8, generation = $9, mac = $10
      WHERE tenant_id = $1::uuid AND id = $2::uuid AND generation = $3 RETURNING 1`,
    [
      unit.tenantId,
      row.id,
      row.generation,
      moved.name,
      moved.summary,
      JSON.stringify(moved.actions),
      moved.updatedAt,
      moved.deletedAt,
      moved.generation,
      moved.mac,
    ],
  );
  if (written.length === 0) throw new KeyfoldError("conflict");
  return moved;
}
