import type { Transaction } from "@keyfold/db";
import { splitHybridOpener } from "@keyfold/envelope";
import type { CurrentOpeners } from "../opener/openers.ts";

/** What a hybrid seed is listed under, where root keys have their provider. */
export const HYBRID_PROVIDER = "xwing";

/** How far the keys are with one root key. Counted from the wraps, never from a counter that a crash could leave wrong. */
export interface KeyCount {
  /** Tenant keys, and the deployment's own. */
  total: number;
  /** Those of them that have no wrap under the root key yet, or to the hybrid seed. */
  lacking: number;
  /** Those of the lacking that are tenants'. */
  tenantsLacking: number;
}

/** Counts as the deployment's role. */
export async function countKeys(tx: Pick<Transaction, "query">, now: CurrentOpeners): Promise<KeyCount> {
  const [row] = await tx.query<Record<"keys" | "lacking" | "own" | "own_lacking", bigint | number | string>>(
    `SELECT t.keys, t.lacking, d.own, d.own_lacking
       FROM control_plane.count_tenant_keys($1, $2) t,
         (SELECT count(*) AS own, count(*) FILTER (WHERE NOT EXISTS (SELECT FROM control_plane.deployment_key_wraps w
             WHERE w.purpose = k.purpose AND w.term = k.term AND w.opener = $1)) AS own_lacking
            FROM control_plane.deployment_keys k) d`,
    [now.root, now.hybrid],
  );
  const tenantsLacking = Number(row!.lacking);
  return {
    total: Number(row!.keys) + Number(row!.own),
    lacking: tenantsLacking + Number(row!.own_lacking),
    tenantsLacking,
  };
}

/** How many rows each root key and each hybrid seed wraps, the deployment's own among them. */
export async function countWraps(
  tx: Pick<Transaction, "query">,
): Promise<Map<string, { provider: string; wraps: number }>> {
  const rows = await tx.query<{ opener: string; provider: string; wraps: bigint | number | string }>(
    `SELECT * FROM control_plane.count_key_wraps()
     UNION ALL SELECT opener, provider, count(*) FROM control_plane.deployment_key_wraps GROUP BY opener, provider`,
    [],
  );
  const counted = new Map<string, { provider: string; wraps: number }>();
  for (const { opener, provider, wraps } of rows) {
    const add = (id: string, kind: string) =>
      counted.set(id, { provider: kind, wraps: (counted.get(id)?.wraps ?? 0) + Number(wraps) });
    const parts = splitHybridOpener(opener);
    add(parts?.root ?? opener, provider);
    if (parts !== undefined) add(parts.hybrid, HYBRID_PROVIDER);
  }
  return counted;
}
