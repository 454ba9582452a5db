import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { holdMembers } from "../member/store.ts";
import { holdersOf } from "./change.ts";
import { holdsAll } from "./hold.ts";
import { deleteRoleInput, roleView } from "./schema.ts";
import { findRole, moveRole, viewRole } from "./store.ts";

/** Deletes a role that nobody holds. @throws KeyfoldError `not_found`, `illegal_state` while somebody holds it, `forbidden` */
export const deleteRole = defineVerb({
  action: "role.delete",
  changes: true,
  summary: "Delete a role that nobody holds",
  input: deleteRoleInput,
  output: roleView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      await holdMembers(unit);
      const row = await findRole(unit, input.id);
      holdsAll(unit, row.actions);
      if ((await holdersOf(unit, row.id)).length > 0)
        throw new KeyfoldError("illegal_state", {
          sentence: "Members hold this role. Give them another one first.",
        });
      const moved = await moveRole(unit, row, { deletedAt: unit.now });
      unit.record({ target: { type: "role", id: row.id, name: row.name } });
      return viewRole(moved);
    });
  },
});
