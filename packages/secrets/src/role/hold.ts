import type { Action } from "../access/actions.ts";
import { isOfTenant } from "../access/actor.ts";
import { isGrantWithin } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";

/**
 * Nobody makes or unmakes a role of what they do not hold everywhere themselves: it can be given everywhere.
 * @throws KeyfoldError `forbidden`
 */
export function holdsAll({ call: { actor } }: Unit, actions: readonly Action[]): void {
  const everywhere = { projects: null, environments: null, prefix: null, expiresAt: null };
  if (!isOfTenant(actor) || !isGrantWithin({ ...everywhere, actions }, actor.grants))
    throw new KeyfoldError("forbidden", { sentence: "That is more than you hold yourself." });
}
