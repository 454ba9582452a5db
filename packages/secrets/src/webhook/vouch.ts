import type { PrismaUnit } from "../flow/change.ts";
import type { Places } from "./filter.ts";

/**
 * What an endpoint gets from whoever configures it: nobody lets out more than they may see, nor for longer. A session's
 * end is the browser's; the token's own expiry counts.
 */
export async function vouchedBy(unit: PrismaUnit): Promise<{ scope: Places; expiresAt: Date | null }> {
  const { actor, services } = unit.call;
  if (actor.type !== "service_token")
    return { scope: { projects: null, environments: null }, expiresAt: null };
  const own = await unit.sql.serviceToken.findUniqueOrThrow({
    where: { tenantId_id: { tenantId: unit.tenantId, id: actor.id } },
  });
  services.mac.check("serviceTokens", unit.tenantId, own);
  const { projects, environments } = actor.scope;
  return { scope: { projects, environments }, expiresAt: own.expiresAt };
}
