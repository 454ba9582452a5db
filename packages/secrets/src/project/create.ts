import { KeyfoldError } from "../error.ts";
import { change } from "../flow/change.ts";
import { onceFor } from "../flow/replay.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { createProjectInput, projectView } from "./schema.ts";
import { insertProject, viewProject } from "./store.ts";

/** Makes a project with its environments. @throws KeyfoldError `name_taken` */
export const createProject = defineVerb({
  action: "project.create",
  changes: true,
  summary: "Create a project with its environments",
  input: createProjectInput,
  output: projectView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(call, tenantId, (unit) =>
      onceFor(unit, input.idempotencyKey, input, async () => {
        const taken = await unit.sql.project.findFirst({
          where: { tenantId, name: input.name, deletedAt: null },
        });
        if (taken !== null) throw new KeyfoldError("name_taken");
        const row = await insertProject(unit, input.name, [...new Set(input.environments)]);
        unit.record({ target: { type: "project", id: row.id, name: row.name } });
        return viewProject(row);
      }),
    );
  },
});
