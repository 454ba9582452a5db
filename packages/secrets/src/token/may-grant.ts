import type { Action } from "../access/actions.ts";
import type { TenantActor } from "../access/actor.ts";
import { isGrantWithin, type Scope } from "../access/scope.ts";
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
export async function mayGrant(actor: TenantActor, unit: PrismaUnit, grant: Grant): Promise<void> {
  // A machine's own word that it uses a value is nothing that a person holds: it goes with the reading.
  const actions = grant.scope.actions.map(
    (action): Action => (actor.type === "user" && action === "consumer.ack" ? "secret.reveal" : action),
  );
  // A person's expiry stands in their grants, a token's in its row.
  if (!isGrantWithin({ ...grant.scope, actions, expiresAt: grant.expiresAt }, actor.grants))
    throw new KeyfoldError("forbidden");
  if (actor.type === "user") return;
  if (!rangesWithin(grant.ipRanges, actor.ipRanges)) throw new KeyfoldError("forbidden");
  const own = await unit.sql.serviceToken.findUniqueOrThrow({
    where: { tenantId_id: { tenantId: unit.tenantId, id: actor.id } },
  });
  unit.call.services.mac.check("serviceTokens", unit.tenantId, own);
  if (own.expiresAt !== null && (grant.expiresAt === null || grant.expiresAt > own.expiresAt))
    throw new KeyfoldError("forbidden");
}
