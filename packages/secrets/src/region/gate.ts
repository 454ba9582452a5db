import { type Actor, isOfTenant } from "../access/actor.ts";
import { KeyfoldError } from "../error.ts";
import type { Services } from "../flow/services.ts";
import { regionChain, residencyOf } from "./region.ts";

/**
 * Is this tenant served in this region? Asked once it is known that the caller belongs to it, or is an operator.
 * @throws KeyfoldError `wrong_region`, naming a region that serves it
 */
export function servedHere({ regions }: Services, tenantId: string): void {
  if (regions === null) return;
  const { regions: allowed, home } = residencyOf(tenantId, regions.all);
  if (allowed !== null && !allowed.includes(regions.here))
    throw new KeyfoldError("wrong_region", {
      sentence: `This tenant is not kept in the region ${regions.here}. The region ${home} serves it.`,
    });
}

/**
 * May what this caller is about be changed in this region? A tenant is changed at its home, the deployment where it began:
 * everywhere else are copies.
 * @throws KeyfoldError `wrong_region`, naming the region that changes it
 */
export function changedHere(services: Services, actor: Actor): void {
  tenantChangedHere(services, isOfTenant(actor) ? actor.tenantId : null);
}

/** The same where it is known which tenant it is; null: the deployment. @throws KeyfoldError `wrong_region` */
export function tenantChangedHere({ regions }: Services, tenantId: string | null): void {
  if (regions === null) return;
  const home = tenantId === null ? regions.all[0]! : residencyOf(tenantId, regions.all).home;
  if (home !== regions.here)
    throw new KeyfoldError("wrong_region", {
      sentence: `This is the region ${regions.here}, which only reads. Changes are made in the region ${home}.`,
    });
}

/** The id of a tenant's audit chain in this region, or of the deployment's. */
export function chainHere({ regions }: Services, id: string): string {
  return regions === null || regions.here === regions.all[0] ? id : regionChain(id, regions.here);
}

/** Are people known in this region? @throws KeyfoldError `wrong_region`, naming the one where they sign in */
export function personsServedHere({ regions }: Services): void {
  if (regions !== null && regions.here !== regions.all[0])
    throw new KeyfoldError("wrong_region", {
      sentence: `People sign in in the region ${regions.all[0]}, where this deployment began.`,
    });
}
