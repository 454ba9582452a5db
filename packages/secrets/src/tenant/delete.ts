import { tellDeployment } from "../audit/deployment.ts";
import { change } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { deleteTenantInput, tenantView } from "./schema.ts";
import { loadTenant, moveTenant, viewTenant } from "./store.ts";

/** A tombstone: every token of the tenant is refused from now on, and its slug is free. Purging it ends it. */
export const deleteTenant = defineVerb({
  action: "tenant.delete",
  changes: true,
  summary: "Delete a tenant (a tombstone; purge ends it)",
  input: deleteTenantInput,
  output: tenantView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(call, tenantId, async (unit) => {
      const row = await loadTenant(unit, tenantId);
      const moved = await moveTenant(unit, row, { deletedAt: unit.now });
      const happening = { target: { type: "tenant" as const, id: tenantId, name: row.slug } };
      unit.record(happening);
      await tellDeployment(unit, happening);
      return viewTenant(moved, call.services);
    });
  },
});
