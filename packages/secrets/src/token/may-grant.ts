import type { ServiceActor } from "../access/actor.ts";
import { isWithin, type Scope } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import type { PrismaUnit } from "../flow/change.ts";
import { rangesWithin } from "./ip-ranges.ts";

/** What a token, or whatever makes tokens, would give away. */
export interface Grant {
  scope: Scope;
  expiresAt: Date | null;
  ipRanges: readonly string[] | null;
}

/**
 * Nobody grants more than they hold: no action, no place, no time and no address.
 * @throws KeyfoldError `forbidden`
 */
export async function mayGrant(actor: ServiceActor, unit: PrismaUnit, grant: Grant): Promise<void> {
  if (!isWithin(grant.scope, actor.scope) || !rangesWithin(grant.ipRanges, actor.ipRanges))
    throw new KeyfoldError("forbidden");
  const own = await unit.sql.serviceToken.findUniqueOrThrow({
    where: { tenantId_id: { tenantId: unit.tenantId, id: actor.id } },
  });
  unit.call.services.mac.check("serviceTokens", unit.tenantId, own);
  if (own.expiresAt !== null && (grant.expiresAt === null || grant.expiresAt > own.expiresAt))
    throw new KeyfoldError("forbidden");
}
