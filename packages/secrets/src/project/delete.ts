import { authorizeProject } from "../access/authorize.ts";
import { KeyfoldError } from "../error.ts";
import { change } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { deleteProjectInput, projectView } from "./schema.ts";
import { findProject, moveProject, viewProject } from "./store.ts";

/** Deletes an empty project; its name is free at once. @throws KeyfoldError `not_empty` while it holds live secrets */
export const deleteProject = defineVerb({
  action: "project.delete",
  changes: true,
  summary: "Delete a project that holds no secrets",
  input: deleteProjectInput,
  output: projectView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(call, tenantId, async (unit) => {
      const row = await findProject(unit, input.project);
      authorizeProject(call.actor, call.action, row.id);
      // Whoever is about to put a secret or an environment here holds a share of this row.
      await unit.query(
        "SELECT FROM control_plane.projects WHERE tenant_id = $1::uuid AND id = $2::uuid FOR UPDATE",
        [tenantId, row.id],
      );
      const held = await unit.sql.secret.findFirst({
        where: { tenantId, projectId: row.id, state: { not: "deleted" } },
        select: { id: true },
      });
      if (held !== null) throw new KeyfoldError("not_empty");
      const moved = await moveProject(unit, row, { deletedAt: unit.now });
      unit.record({ target: { type: "project", id: row.id, name: row.name } });
      return viewProject(moved);
    });
  },
});
