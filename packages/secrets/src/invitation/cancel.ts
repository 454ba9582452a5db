import { isOfTenant } from "../access/actor.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { mayGive } from "../member/give.ts";
import { holdMembers } from "../member/store.ts";
import { cancelInvitationInput, invitationView } from "./schema.ts";
import { endInvitation, lockInvitation, viewInvitation } from "./store.ts";

/**
 * Takes an invitation back: its link is of no use any more.
 * @throws KeyfoldError `not_found`; `forbidden` (it gives more than whoever cancels it holds)
 */
export const cancelInvitation = defineVerb({
  action: "member.remove",
  changes: true,
  summary: "Cancel an invitation",
  input: cancelInvitationInput,
  output: invitationView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      await holdMembers(unit);
      const row = await lockInvitation(call.services, unit, tenantId, input.id);
      if (isOfTenant(call.actor)) await mayGive(unit, row.grants);
      await endInvitation(unit, row, "cancelledAt");
      unit.record({
        action: "member.invitation_cancelled",
        target: { type: "invitation", id: row.id, name: row.email },
      });
      return viewInvitation(row);
    });
  },
});
