import { type SqlTransaction, withTenantSql } from "@keyfold/db";
import { again } from "../../flow/again.ts";
import type { Services } from "../../flow/services.ts";
import type { StoredTenantKey } from "./rows.ts";

type Wrap = StoredTenantKey["wraps"][number];
type Joined = StoredTenantKey & { [K in keyof Wrap as `w${Capitalize<K>}`]: Wrap[K] | null };

/**
 * All of a tenant's keys with their wraps, the keys' own rows authenticated: a new term is made after the newest one's suite
 * and root key. A wrap's MAC is checked where it is used.
 * @throws KeyfoldError `integrity_failed`
 */
export async function loadStoredKeys(services: Services, tenantId: string): Promise<StoredTenantKey[]> {
  const stored = await again(() => withTenantSql(services.db, tenantId, (tx) => storedKeys(tx, tenantId)));
  for (const key of stored) services.mac.check("tenantKeys", tenantId, key);
  return stored;
}

/** All of a tenant's keys as they are stored, in a transaction of that tenant; nothing is authenticated. */
export async function storedKeys(tx: SqlTransaction, tenantId: string): Promise<StoredTenantKey[]> {
  const rows = await tx.query<Joined>(
    `SELECT k.purpose, k.term, k.check_value AS "checkValue", k.created_at AS "createdAt", k.suite, k.generation, k.mac, k.round, k.root_key AS "rootKey",
            w.purpose AS "wPurpose", w.term AS "wTerm", w.opener AS "wOpener", w.provider AS "wProvider", w.suite AS "wSuite", w.key_version AS "wKeyVersion",
            w.wrapped AS "wWrapped", w.created_at AS "wCreatedAt", w.generation AS "wGeneration", w.mac AS "wMac"
       FROM control_plane.tenant_keys k
       LEFT JOIN control_plane.key_wraps w ON w.tenant_id = k.tenant_id AND w.purpose = k.purpose AND w.term = k.term
      WHERE k.tenant_id = $1::uuid ORDER BY k.purpose, k.term`,
    [tenantId],
  );
  const keys = new Map<string, StoredTenantKey>();
  for (const row of rows) {
    const name = `${row.purpose}/${row.term}`;
    const { purpose, term, checkValue, createdAt, suite, generation, mac, round, rootKey } = row;
    let key = keys.get(name);
    if (key === undefined) {
      key = { purpose, term, checkValue, createdAt, suite, generation, mac, round, rootKey, wraps: [] };
      keys.set(name, key);
    }
    if (row.wOpener !== null)
      key.wraps.push({
        purpose: row.wPurpose!,
        term: row.wTerm!,
        opener: row.wOpener,
        provider: row.wProvider!,
        suite: row.wSuite!,
        wrapped: row.wWrapped!,
        createdAt: row.wCreatedAt!,
        generation: row.wGeneration!,
        mac: row.wMac!,
        keyVersion: row.wKeyVersion,
      });
  }
  return [...keys.values()];
}
