import { actorRef } from "../access/actor.ts";
import { tellDeployment } from "../audit/deployment.ts";
import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { jsonActor } from "../input/stored.ts";
import { loadTenant } from "../tenant/store.ts";
import { confirmed } from "./confirm.ts";
import { agreeShredInput, shredView } from "./schema.ts";
import { moveShred, openShred, viewShred } from "./store.ts";

/** The other side agrees, and types the name too: the wait begins. */
export const agreeShred = defineVerb({
  action: "tenant.shred",
  changes: true,
  summary: "Agree to a shredding that the other side asked for: the wait begins",
  input: agreeShredInput,
  output: shredView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const tenant = await loadTenant(unit, tenantId);
      confirmed(tenant, input.confirm);
      const row = await openShred(unit);
      if (row.state !== "requested")
        throw new KeyfoldError("illegal_state", { sentence: "Both sides agreed to this already." });
      const asker = jsonActor(row.requestedBy);
      if ((asker.type === "operator") === (call.actor.type === "operator"))
        throw new KeyfoldError("illegal_state", {
          sentence:
            asker.type === "operator"
              ? "An operator asked for this. The tenant's owner must agree: a token of the tenant that may shred it, or an owner among its people."
              : "The tenant's owner asked for this. An operator must agree.",
        });
      const moved = await moveShred(unit, row, {
        state: "waiting",
        agreedBy: { ...actorRef(call.actor) },
        agreedAt: unit.now,
        dueAt: new Date(unit.now.getTime() + row.waitSeconds * 1000),
      });
      const happening = {
        action: "tenant.shred_agreed",
        target: { type: "tenant" as const, id: tenantId, name: tenant.slug },
        details: { shred: row.id, dueAt: moved.dueAt!.toISOString() },
      };
      unit.record(happening);
      await tellDeployment(unit, happening);
      return viewShred(tenantId, moved);
    });
  },
});
