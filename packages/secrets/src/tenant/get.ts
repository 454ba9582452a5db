import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { getTenantInput, tenantView } from "./schema.ts";
import { loadTenant, viewTenant } from "./store.ts";

/** One tenant: a service token's own, or the one that an operator names. */
export const getTenant = defineVerb({
  action: "tenant.get",
  changes: false,
  summary: "Read a tenant",
  input: getTenantInput,
  output: tenantView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const row = await loadTenant(unit, tenantId);
      unit.record({ target: { type: "tenant", id: row.id, name: row.slug } });
      return viewTenant(row, call.services);
    });
  },
});
