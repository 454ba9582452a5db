import { KeyfoldError } from "../error.ts";
import { change } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { deleteEnvironmentInput, environmentView } from "./schema.ts";
import { findEnvironment, moveEnvironment, viewEnvironment } from "./store.ts";

/** Deletes an empty environment; its name is free at once. @throws KeyfoldError `not_empty` while it holds live secrets */
export const deleteEnvironment = defineVerb({
  action: "environment.delete",
  changes: true,
  summary: "Delete an environment that holds no secrets",
  input: deleteEnvironmentInput,
  output: environmentView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(call, tenantId, async (unit) => {
      const row = await findEnvironment(unit, input.environment);
      // Whoever is about to put a secret here holds a share of this row.
      await unit.query(
        "SELECT FROM control_plane.environments WHERE tenant_id = $1::uuid AND id = $2::uuid FOR UPDATE",
        [tenantId, row.id],
      );
      const held = await unit.sql.secret.findFirst({
        where: { tenantId, environmentId: row.id, state: { not: "deleted" } },
        select: { id: true },
      });
      if (held !== null) throw new KeyfoldError("not_empty");
      const moved = await moveEnvironment(unit, row, { deletedAt: unit.now });
      unit.record({ target: { type: "environment", id: row.id, name: row.name } });
      return viewEnvironment(moved);
    });
  },
});
