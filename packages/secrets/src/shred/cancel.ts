import { actorRef } from "../access/actor.ts";
import { tellDeployment } from "../audit/deployment.ts";
import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { loadTenant } from "../tenant/store.ts";
import { cancelShredInput, shredView } from "./schema.ts";
import { moveShred, openShred, viewShred } from "./store.ts";

/** Either side ends it, until the keys are gone. */
export const cancelShred = defineVerb({
  action: "tenant.shred",
  changes: true,
  summary: "Cancel a shredding: either side may, until the keys are destroyed",
  input: cancelShredInput,
  output: shredView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(
      call,
      tenantId,
      async (unit) => {
        // An operator may have deleted the tenant meanwhile.
        const tenant = await loadTenant(unit, tenantId, { deleted: true });
        const row = await openShred(unit);
        if (row.state === "erasing")
          throw new KeyfoldError("illegal_state", { sentence: "The keys are destroyed already." });
        const moved = await moveShred(unit, row, {
          state: "cancelled",
          cancelledBy: { ...actorRef(call.actor) },
          cancelledAt: unit.now,
        });
        const happening = {
          action: "tenant.shred_cancelled",
          target: { type: "tenant" as const, id: tenantId, name: tenant.slug },
          reason: input.reason,
          details: { shred: row.id },
        };
        unit.record(happening);
        await tellDeployment(unit, happening);
        return viewShred(tenantId, moved);
      },
      { tenant: "any" },
    );
  },
});
