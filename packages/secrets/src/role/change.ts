import { changeSql, type Unit } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { MEMBER_COLUMNS, type MemberRow, memberRow } from "../member/rows.ts";
import { holdMembers, moveMember } from "../member/store.ts";
import { holdsAll } from "./hold.ts";
import { changeRoleInput, roleView } from "./schema.ts";
import { findRole, moveRole, viewRole } from "./store.ts";

/**
 * Changes what a role is; whoever holds it has the new rights from their very next call on.
 * @throws KeyfoldError `name_taken`, `not_found`, `forbidden` (what it was or becomes is more than its changer holds)
 */
export const changeRole = defineVerb({
  action: "role.change",
  changes: true,
  summary: "Change a role",
  input: changeRoleInput,
  output: roleView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      await holdMembers(unit);
      const row = await findRole(unit, input.id);
      const actions = input.actions === undefined ? row.actions : [...new Set(input.actions)].sort();
      holdsAll(unit, row.actions);
      holdsAll(unit, actions);
      const moved = await moveRole(unit, row, {
        name: input.name ?? row.name,
        summary: input.summary ?? row.summary,
        actions,
      });
      // A change that is under way holds its author's row: with the row moved on, it is judged by what it began with.
      if (input.actions !== undefined)
        for (const member of await holdersOf(unit, row.id)) await moveMember(unit, member, {});
      unit.record({
        target: { type: "role", id: moved.id, name: moved.name },
        details: { actions: moved.actions.join(","), before: row.actions.join(",") },
      });
      return viewRole(moved);
    });
  },
});

/** The members who were given a role of the tenant's own. */
export async function holdersOf(unit: Unit, roleId: string): Promise<MemberRow[]> {
  const rows = await unit.query<MemberRow>(
    `SELECT ${MEMBER_COLUMNS} FROM control_plane.memberships m
      WHERE m.tenant_id = $1::uuid AND m.removed_at IS NULL
        AND m.grants @> jsonb_build_array(jsonb_build_object('role', $2::text)) ORDER BY m.person_id`,
    [unit.tenantId, roleId],
  );
  return rows.map((row) => memberRow(unit.call.services.mac, unit.tenantId, row));
}
