import type { Unit } from "../../flow/change.ts";
import { SECRET_COLUMNS, type SecretColumns, type SecretRow, secretOf } from "../rows.ts";

/**
 * A deleted secret whose last day is over, locked, wherever it stood: its project may be gone too.
 * @returns null where it was restored or purged meanwhile
 * @throws KeyfoldError `integrity_failed`
 */
export async function lockDeleted(unit: Unit, id: string): Promise<SecretRow | null> {
  const [row] = await unit.query<SecretColumns>(
    `SELECT ${SECRET_COLUMNS}, s.project_id AS p_id, s.environment_id AS e_id FROM control_plane.secrets s
      WHERE s.tenant_id = $1::uuid AND s.id = $2::uuid FOR UPDATE`,
    [unit.tenantId, id],
  );
  if (row === undefined) return null;
  const secret = secretOf(row);
  unit.call.services.mac.check("secrets", unit.tenantId, secret);
  const over = secret.state === "deleted" && secret.purgeAfter !== null && secret.purgeAfter <= unit.now;
  return over ? secret : null;
}
