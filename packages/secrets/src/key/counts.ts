import type { Transaction } from "@keyfold/db";

/** How far the keys are with one root key. Counted from the wraps, never from a counter that a crash could leave wrong. */
export interface KeyCount {
  /** Tenant keys, and the deployment's own. */
  total: number;
  /** Those of them that have no wrap under the root key yet. */
  lacking: number;
  /** Those of the lacking that are tenants'. */
  tenantsLacking: number;
}

/** Counts as the deployment's role. */
export async function countKeys(tx: Pick<Transaction, "query">, opener: string): Promise<KeyCount> {
  const [row] = await tx.query<Record<"keys" | "lacking" | "own" | "own_lacking", bigint | number | string>>(
    `SELECT t.keys, t.lacking, d.own, d.own_lacking
       FROM control_plane.count_tenant_keys($1) t,
         (SELECT count(*) AS own, count(*) FILTER (WHERE NOT EXISTS (SELECT FROM control_plane.deployment_key_wraps w
             WHERE w.purpose = k.purpose AND w.term = k.term AND w.opener = $1)) AS own_lacking
            FROM control_plane.deployment_keys k) d`,
    [opener],
  );
  const tenantsLacking = Number(row!.lacking);
  return {
    total: Number(row!.keys) + Number(row!.own),
    lacking: tenantsLacking + Number(row!.own_lacking),
    tenantsLacking,
  };
}

/** How many rows each root key wraps, the deployment's own among them. */
export async function countWraps(
  tx: Pick<Transaction, "query">,
): Promise<Map<string, { provider: string; wraps: number }>> {
  const rows = await tx.query<{ opener: string; provider: string; wraps: bigint | number | string }>(
    `SELECT * FROM control_plane.count_key_wraps()
     UNION ALL SELECT opener, provider, count(*) FROM control_plane.deployment_key_wraps GROUP BY opener, provider`,
    [],
  );
  const counted = new Map<string, { provider: string; wraps: number }>();
  for (const { opener, provider, wraps } of rows)
    counted.set(opener, { provider, wraps: (counted.get(opener)?.wraps ?? 0) + Number(wraps) });
  return counted;
}
