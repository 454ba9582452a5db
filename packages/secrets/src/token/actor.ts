import type { ServiceActor } from "../access/actor.ts";
import { grantOf, scopeSchema } from "../access/scope.ts";
import type { ConsumerKind } from "../consumer/kind.ts";
import { KeyfoldError } from "../error.ts";
import type { PrismaUnit } from "../flow/change.ts";
import { loadTenant } from "../tenant/store.ts";
import { storedRanges } from "./ip-ranges.ts";
import { liveToken } from "./live.ts";

/**
 * Whom a token would call as, to be asked about and never to act.
 * @throws KeyfoldError `not_found` (one that has ended, too), `integrity_failed`
 */
export async function tokenActor(unit: PrismaUnit, id: string): Promise<ServiceActor> {
  const { tenantId } = unit;
  const row = await liveToken(unit, id);
  if (row === null) throw new KeyfoldError("not_found");
  const tenant = await loadTenant(unit, tenantId);
  const scope = scopeSchema.parse(row.scope);
  return {
    type: "service_token",
    id,
    name: row.name,
    via: "token",
    session: null,
    deadline: row.expiresAt,
    tenantId,
    tenantSlug: tenant.slug,
    tenantGraceSeconds: tenant.graceSeconds,
    tenantAlgorithm: tenant.algorithm,
    consumer: { name: row.consumerName ?? row.name, kind: (row.consumerKind ?? "other") as ConsumerKind },
    scope,
    grants: [grantOf(scope)],
    ipRanges: storedRanges(row.ipRanges),
    epoch: 0n,
  };
}
