import { change } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { projectView, renameProjectInput } from "./schema.ts";
import { findProject, moveProject, viewProject } from "./store.ts";

/** Renames a project, for who sees all of the tenant: else taken names would tell of hidden ones. Its id, and with it every secret's place, stays. @throws KeyfoldError `name_taken` */
export const renameProject = defineVerb({
  action: "project.rename",
  changes: true,
  summary: "Rename a project",
  input: renameProjectInput,
  output: projectView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(call, tenantId, async (unit) => {
      const row = await findProject(unit, input.project);
      const moved = await moveProject(unit, row, { name: input.name });
      unit.record({
        target: { type: "project", id: row.id, name: moved.name },
        details: { renamedFrom: row.name },
      });
      return viewProject(moved);
    });
  },
});
