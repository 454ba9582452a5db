import { change } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { configureTenantInput, tenantView } from "./schema.ts";
import { loadTenant, moveTenant, viewTenant } from "./store.ts";

/** Sets what holds for all of a tenant's secrets that do not say themselves. Graces that have begun stay as they are. */
export const configureTenant = defineVerb({
  action: "tenant.configure",
  changes: true,
  summary: "Set a tenant's defaults",
  input: configureTenantInput,
  output: tenantView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(call, tenantId, async (unit) => {
      const row = await loadTenant(unit, tenantId);
      const moved = await moveTenant(unit, row, {
        ...(input.graceSeconds === undefined ? {} : { graceSeconds: input.graceSeconds }),
        ...(input.algorithm === undefined ? {} : { algorithm: input.algorithm }),
      });
      unit.record({
        target: { type: "tenant", id: tenantId, name: moved.slug },
        details: { graceSeconds: moved.graceSeconds, algorithm: moved.algorithm },
      });
      return viewTenant(moved, call.services);
    });
  },
});
