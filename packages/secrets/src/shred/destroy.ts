import type { Unit } from "../flow/change.ts";
import type { Destroyed } from "./statement.ts";

/**
 * Destroys all keys of the unit's tenant, every term and every wrap, and says which they were. The database looks once
 * more whether this shredding is due.
 */
export async function destroyKeys(unit: Unit, shred: string): Promise<Destroyed> {
  const tenant = [unit.tenantId];
  const keys = await unit.query<{ purpose: string; term: number; checkValue: string }>(
    `SELECT purpose, term, encode(check_value, 'hex') AS "checkValue" FROM control_plane.tenant_keys
      WHERE tenant_id = $1::uuid ORDER BY purpose, term`,
    tenant,
  );
  const openers = await unit.query<{ opener: string; wraps: number }>(
    `SELECT opener, count(*)::int AS wraps FROM control_plane.key_wraps WHERE tenant_id = $1::uuid GROUP BY 1 ORDER BY 1`,
    tenant,
  );
  const [counted] = await unit.query<{ values: number; secrets: number }>(
    `SELECT (SELECT count(*)::int FROM control_plane.sealed_values WHERE tenant_id = $1::uuid AND sealed IS NOT NULL) AS values,
            (SELECT count(*)::int FROM control_plane.secrets WHERE tenant_id = $1::uuid) AS secrets`,
    tenant,
  );
  await unit.query("SET LOCAL ROLE keyfold_deployment", []);
  await unit.query("SELECT control_plane.shred_tenant_keys($1::uuid, $2::uuid)::text", [
    unit.tenantId,
    shred,
  ]);
  await unit.query("RESET ROLE", []);
  // Digests of what was asked for, values among it, under a key of the deployment: guesses could be tried against them.
  await unit.query("DELETE FROM control_plane.idempotency_keys WHERE tenant_id = $1::uuid", tenant);
  return { keys, openers, sealedValues: counted!.values, secrets: counted!.secrets };
}
