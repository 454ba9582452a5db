import { randomUUID } from "node:crypto";
import { actorRef } from "../access/actor.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { holdsAll } from "./hold.ts";
import { createRoleInput, roleView } from "./schema.ts";
import { viewRole } from "./store.ts";

/** Makes a role of the tenant's own. @throws KeyfoldError `name_taken`, `forbidden` (more than its maker holds) */
export const createRole = defineVerb({
  action: "role.create",
  changes: true,
  summary: "Make a role",
  input: createRoleInput,
  output: roleView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      holdsAll(unit, input.actions);
      const row = call.services.mac.seal("tenantRoles", tenantId, {
        id: randomUUID(),
        name: input.name,
        summary: input.summary,
        actions: [...new Set(input.actions)].sort(),
        createdAt: unit.now,
        createdBy: { ...actorRef(call.actor) },
        updatedAt: unit.now,
        deletedAt: null,
        generation: 1,
      });
      await unit.query(
        `INSERT INTO control_plane.tenant_roles (tenant_id, id, name, summary, actions, created_at, created_by, updated_at, generation, mac)
           VALUES ($1::uuid, $2::uuid, $3, $4, $5::jsonb, $6, $7::jsonb, $6, 1, $8)`,
        [
          tenantId,
          row.id,
          row.name,
          row.summary,
          JSON.stringify(row.actions),
          row.createdAt,
          JSON.stringify(row.createdBy),
          row.mac,
        ],
      );
      unit.record({
        target: { type: "role", id: row.id, name: row.name },
        details: { actions: row.actions.join(",") },
      });
      return viewRole(row);
    });
  },
});
