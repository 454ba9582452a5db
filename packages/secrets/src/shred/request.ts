import { randomUUID } from "node:crypto";
import { tellDeployment } from "../audit/deployment.ts";
import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { loadTenant } from "../tenant/store.ts";
import { confirmed } from "./confirm.ts";
import { requestShredInput, shredView } from "./schema.ts";
import { insertShred, newestShred, viewShred } from "./store.ts";

/**
 * One side, the operator or the tenant's owner, asks that the tenant's keys be destroyed. Nothing happens until the
 * other one agrees. The wait that this deployment asks for now is the one that counts.
 */
export const requestShred = defineVerb({
  action: "tenant.shred",
  changes: true,
  summary: "Ask for a tenant's keys to be destroyed; the other side must agree",
  input: requestShredInput,
  output: shredView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const tenant = await loadTenant(unit, tenantId);
      confirmed(tenant, input.confirm);
      const before = await newestShred(unit);
      if (before !== null && before.state !== "cancelled")
        throw new KeyfoldError("illegal_state", {
          sentence: "A shredding of this tenant was asked for already. Agree to it, or cancel it.",
        });
      const row = await insertShred(unit, {
        id: randomUUID(),
        slug: tenant.slug,
        reason: input.reason,
        waitSeconds: call.services.waits.shredSeconds,
      });
      const happening = {
        action: "tenant.shred_requested",
        target: { type: "tenant" as const, id: tenantId, name: tenant.slug },
        reason: input.reason,
        details: { shred: row.id, waitSeconds: row.waitSeconds },
      };
      unit.record(happening);
      await tellDeployment(unit, happening);
      return viewShred(tenantId, row);
    });
  },
});
