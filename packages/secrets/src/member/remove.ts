import { isOfTenant } from "../access/actor.ts";
import { change } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { rolesIn } from "./add.ts";
import { mayGive } from "./give.ts";
import { memberView, removeMemberInput } from "./schema.ts";
import { holdMembers, keepAnOwner, loadMember, moveMember, viewMember } from "./store.ts";

/**
 * Ends a membership: refused by the person's very next call, in every process.
 * @throws KeyfoldError `forbidden` (they hold more than whoever removes them), `illegal_state` (the last owner)
 */
export const removeMember = defineVerb({
  action: "member.remove",
  changes: true,
  summary: "Remove a member from the tenant",
  input: removeMemberInput,
  output: memberView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(call, tenantId, async (unit) => {
      await holdMembers(unit);
      const row = await loadMember(unit, input.personId);
      if (isOfTenant(call.actor)) await mayGive(unit, row.grants);
      // A restore takes away again what was taken away, the last owner too; the host can let somebody in.
      if (call.actor.type !== "job") await keepAnOwner(unit, row);
      const moved = await moveMember(unit, row, { removedAt: unit.now });
      unit.record({
        target: { type: "member", id: moved.personId, name: moved.name },
        details: { roles: rolesIn(row.grants) },
      });
      return viewMember(moved);
    });
  },
});
