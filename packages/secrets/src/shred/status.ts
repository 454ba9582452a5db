import { KeyfoldError } from "../error.ts";
import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { loadTenant } from "../tenant/store.ts";
import { shredStatusInput, shredView } from "./schema.ts";
import { newestShred, viewShred } from "./store.ts";

/** How far a tenant's newest shredding is. */
export const shredStatus = defineVerb({
  action: "tenant.shred_status",
  changes: false,
  summary: "Read how far a tenant's shredding is",
  input: shredStatusInput,
  output: shredView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(
      call,
      tenantId,
      async (unit) => {
        const tenant = await loadTenant(unit, tenantId, { deleted: true });
        const row = await newestShred(unit);
        if (row === null)
          throw new KeyfoldError("not_found", { sentence: "No shredding of this tenant was asked for." });
        unit.record({
          target: { type: "tenant", id: tenantId, name: tenant.slug },
          details: { shred: row.id },
        });
        return viewShred(tenantId, row);
      },
      { tenant: "any" },
    );
  },
});
