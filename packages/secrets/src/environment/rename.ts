import { authorizeProject } from "../access/authorize.ts";
import { change } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { environmentView, renameEnvironmentInput } from "./schema.ts";
import { findEnvironment, moveEnvironment, viewEnvironment } from "./store.ts";

/** Renames an environment; its id, and with it every secret's place, stays. @throws KeyfoldError `name_taken` */
export const renameEnvironment = defineVerb({
  action: "environment.rename",
  changes: true,
  summary: "Rename an environment",
  input: renameEnvironmentInput,
  output: environmentView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(call, tenantId, async (unit) => {
      const row = await findEnvironment(unit, input.environment);
      // Who does not see all names of a project would learn them from which are taken.
      authorizeProject(call.actor, call.action, row.projectId);
      const moved = await moveEnvironment(unit, row, { name: input.name });
      unit.record({
        target: { type: "environment", id: row.id, name: moved.name },
        details: { renamedFrom: row.name },
      });
      return viewEnvironment(moved);
    });
  },
});
