import { isGrantWithin } from "../access/scope.ts";
import { change } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { rolesIn } from "./add.ts";
import { grantsFrom, mayGive, rightsIn } from "./give.ts";
import { isOwner } from "./grant.ts";
import { changeMemberInput, memberView } from "./schema.ts";
import { holdMembers, keepAnOwner, loadMember, moveMember, viewMember } from "./store.ts";

/**
 * Gives a member other rights. What they had and what they get are both within what the giver holds; the very next call of
 * theirs meets the new ones, in every process.
 * @throws KeyfoldError `forbidden`, `not_found`, `illegal_state` (the last owner)
 */
export const changeMember = defineVerb({
  action: "member.change",
  changes: true,
  summary: "Change a member's rights",
  input: changeMemberInput,
  output: memberView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(call, tenantId, async (unit) => {
      await holdMembers(unit);
      const row = await loadMember(unit, input.personId);
      await mayGive(unit, row.grants);
      const grants = input.grants === undefined ? row.grants : await grantsFrom(unit, input.grants);
      await mayGive(unit, grants);
      if (!isOwner(grants)) await keepAnOwner(unit, row);
      const [before, after] = [await rightsIn(unit, row.grants), await rightsIn(unit, grants)];
      const narrowed = !before.every((right) => isGrantWithin(right, after));
      const moved = await moveMember(unit, row, { grants, name: input.name ?? row.name });
      unit.record({
        ...(narrowed ? { action: "member.narrowed" } : {}),
        target: { type: "member", id: moved.personId, name: moved.name },
        details: { roles: rolesIn(grants), before: rolesIn(row.grants) },
      });
      return viewMember(moved);
    });
  },
});
