import type { Call } from "../flow/call.ts";
import { onDeployment } from "../flow/deployment-change.ts";
import { rewrapDeploymentKeys, storeDeploymentWraps } from "../key/deployment/deployment-keys.ts";
import { walkTenants } from "../key/job/walk.ts";
import { rewrapTenant } from "../key/root/rewrap-tenant.ts";
import { NO_TENANT, tenantsLacking } from "../key/root/tenants.ts";
import { asked } from "../key/tenant/asked.ts";
import { type RegionKey, residencyOf } from "./region.ts";

const SLICE_SECONDS = 5;

/**
 * Wraps, under another region's root key, the deployment's own keys and those of the tenants that may live there, where they
 * are not yet: what lets an API start there and read. A tenant with a root key of its own is left alone: that one opens it anywhere. Here both root keys are held; there, that region's alone is.
 * @returns whether it came to the end of what there is
 */
export async function wrapForRegion(call: Call, region: RegionKey): Promise<boolean> {
  const { services } = call;
  // The same work as a rotation's, with that region's root key for the current one.
  const there: Call = { ...call, services: { ...services, openers: region.openers, keys: region.keys } };
  const root = await asked(() => region.openers.current());
  // A hybrid key takes the same seed there, which that region's processes are given besides their root key.
  const now = { root: root.id, hybrid: services.openers.hybridsHeld[0] ?? null };
  const own = await rewrapDeploymentKeys(there.services, root.id);
  if (own.length > 0)
    await onDeployment(call, async (unit) => {
      const { id, provider, keyVersion } = root;
      await unit.sql.rootKey.createMany({
        data: [{ id, provider, keyVersion, createdAt: unit.now }],
        skipDuplicates: true,
      });
      await storeDeploymentWraps(unit, own);
      unit.record({
        action: "key.rewrapped",
        target: { type: "key", id, name: region.name },
        details: { keys: own.length },
      });
    });
  let after = NO_TENANT;
  const walked = await walkTenants(services, {
    forSeconds: SLICE_SECONDS,
    async next(limit) {
      for (;;) {
        const lacking = await tenantsLacking(services, now, after, limit);
        if (lacking.length === 0) return [];
        after = lacking.at(-1)!;
        const theirs = lacking.filter((id) => {
          const { regions } = residencyOf(id, services.regions!.all);
          return regions === null || regions.includes(region.name);
        });
        if (theirs.length > 0) return theirs;
      }
    },
    each: (tenant, slot) => rewrapTenant(there, tenant, now, slot),
  });
  return walked.ended;
}
