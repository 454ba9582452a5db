import type { Unit } from "../../flow/change.ts";
import type { RotationSummary } from "./schema.ts";
import { isRemoved, POLICY_COLUMNS, type PolicyRow, viewOf } from "./store.ts";

/** A secret, and when its current value came; null: there is none. */
export interface Rotated {
  id: string;
  since: Date | null;
}

/** What secrets say of their rotation, by their ids; those without a policy are not in it. @throws KeyfoldError `integrity_failed` */
export async function rotationsOf(
  unit: Unit,
  secrets: readonly Rotated[],
): Promise<ReadonlyMap<string, RotationSummary>> {
  if (secrets.length === 0) return new Map();
  const rows = await unit.query<PolicyRow>(
    `SELECT ${POLICY_COLUMNS} FROM control_plane.rotation_policies p
      WHERE p.tenant_id = $1::uuid AND p.secret_id = ANY ($2::uuid[])`,
    [unit.tenantId, secrets.map(({ id }) => id)],
  );
  const since = new Map(secrets.map((one) => [one.id, one.since]));
  const found = new Map<string, RotationSummary>();
  for (const row of rows) {
    unit.call.services.mac.check("rotationPolicies", unit.tenantId, row);
    if (isRemoved(row)) continue;
    const { schedule, required, expiresAt, nextRotationAt, due, overdue } = viewOf(row, {
      since: since.get(row.secretId) ?? null,
      now: unit.now,
    });
    const rotator = row.rotator;
    found.set(row.secretId, { schedule, required, expiresAt, nextRotationAt, due, overdue, rotator });
  }
  return found;
}
