import { tellDeployment } from "../audit/deployment.ts";
import { KeyfoldError } from "../error.ts";
import { change } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { renameTenantInput, tenantView } from "./schema.ts";
import { loadTenant, moveTenant, viewTenant } from "./store.ts";

/** Gives a tenant another slug or name; its id, and with it every secret's place, stays. */
export const renameTenant = defineVerb({
  action: "tenant.rename",
  changes: true,
  summary: "Rename a tenant",
  input: renameTenantInput,
  output: tenantView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(call, tenantId, async (unit) => {
      const row = await loadTenant(unit, tenantId);
      if (input.slug !== undefined && input.slug !== row.slug) {
        const [taken] = await unit.query<{ id: string | null }>(
          "SELECT control_plane.find_tenant($1) AS id",
          [input.slug],
        );
        if (taken?.id) throw new KeyfoldError("name_taken");
      }
      const moved = await moveTenant(unit, row, {
        slug: input.slug ?? row.slug,
        name: input.name ?? row.name,
      });
      const happening = {
        target: { type: "tenant" as const, id: tenantId, name: moved.slug },
        details: { renamedFrom: row.slug },
      };
      unit.record(happening);
      await tellDeployment(unit, happening);
      return viewTenant(moved, call.services);
    });
  },
});
