import { grantsFor } from "../access/authorize.ts";
import { coversWholeTenant, isReachWithin, type Reach } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import type { PrismaUnit } from "../flow/change.ts";
import type { Places } from "./filter.ts";

/**
 * What an endpoint gets from whoever configures it: nobody lets out more than they may see, nor for longer. A session's
 * end is the browser's; the token's own expiry counts, and a person's grant's.
 * @param wanted what the endpoint is for: it chooses among several grants
 * @throws KeyfoldError `forbidden` where none of several grants reaches all that is wanted
 */
export async function vouchedBy(
  unit: PrismaUnit,
  wanted: Reach,
): Promise<{ scope: Places; expiresAt: Date | null }> {
  const { actor, action, services } = unit.call;
  const grants = grantsFor(actor, action);
  if (grants === null) return { scope: { projects: null, environments: null }, expiresAt: null };
  const grant =
    grants.length === 1
      ? grants[0]!
      : (grants.find((one) => coversWholeTenant(one)) ?? grants.find((one) => isReachWithin(wanted, one)));
  if (grant === undefined)
    throw new KeyfoldError("forbidden", {
      sentence: "None of your rights reaches all of that. Name fewer projects, environments or names.",
    });
  const scope = {
    projects: grant.projects && [...grant.projects],
    environments: grant.environments && [...grant.environments],
    ...(grant.prefix === null ? {} : { prefix: grant.prefix }),
  };
  if (actor.type !== "service_token") return { scope, expiresAt: grant.expiresAt };
  const own = await unit.sql.serviceToken.findUniqueOrThrow({
    where: { tenantId_id: { tenantId: unit.tenantId, id: actor.id } },
  });
  services.mac.check("serviceTokens", unit.tenantId, own);
  return { scope, expiresAt: own.expiresAt };
}
