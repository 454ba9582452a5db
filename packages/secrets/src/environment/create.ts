import { authorizeProject } from "../access/authorize.ts";
import { KeyfoldError } from "../error.ts";
import { change } from "../flow/change.ts";
import { onceFor } from "../flow/replay.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { findProject } from "../project/store.ts";
import { createEnvironmentInput, environmentView } from "./schema.ts";
import { insertEnvironment, viewEnvironment } from "./store.ts";

/** Makes an environment in a project. @throws KeyfoldError `name_taken` */
export const createEnvironment = defineVerb({
  action: "environment.create",
  changes: true,
  summary: "Create an environment",
  input: createEnvironmentInput,
  output: environmentView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(call, tenantId, async (unit) => {
      const project = await findProject(unit, input.project ?? "default");
      authorizeProject(call.actor, call.action, project.id);
      // Of a project that is being deleted meanwhile, nothing is left to put it in.
      const [held] = await unit.query(
        "SELECT id FROM control_plane.projects WHERE tenant_id = $1::uuid AND id = $2::uuid AND deleted_at IS NULL FOR KEY SHARE",
        [tenantId, project.id],
      );
      if (held === undefined) throw new KeyfoldError("not_found");
      return onceFor(unit, input.idempotencyKey, { ...input, project: project.id }, async () => {
        const taken = await unit.sql.environment.findFirst({
          where: { tenantId, projectId: project.id, name: input.name, deletedAt: null },
        });
        if (taken !== null) throw new KeyfoldError("name_taken");
        const row = await insertEnvironment(unit, project.id, input.name);
        unit.record({ target: { type: "environment", id: row.id, name: row.name } });
        return viewEnvironment(row);
      });
    });
  },
});
