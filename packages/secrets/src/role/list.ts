import { z } from "zod";
import { ROLE_NAMES, ROLES } from "../access/roles.ts";
import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { displayName } from "../input/text.ts";
import { ROLE_COLUMNS, type RoleRow, roleRow } from "./rows.ts";
import { listRolesInput, listRolesOutput } from "./schema.ts";
import { viewRole } from "./store.ts";

/** The roles that there are: those of every tenant, and the tenant's own by name. */
export const listRoles = defineVerb({
  action: "role.list",
  changes: false,
  summary: "List roles",
  input: listRolesInput,
  output: listRolesOutput,
  async run(call, input) {
    const after = decodeCursor(z.tuple([displayName]), input.cursor)?.[0] ?? "";
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const rows = await unit.query<RoleRow>(
        `SELECT ${ROLE_COLUMNS} FROM control_plane.tenant_roles r
          WHERE r.tenant_id = $1::uuid AND r.deleted_at IS NULL AND r.name > $2::text COLLATE "C" ORDER BY r.name LIMIT $3::int`,
        [tenantId, after, input.limit + 1],
      );
      const roles = rows
        .slice(0, input.limit)
        .map((row) => viewRole(roleRow(call.services.mac, tenantId, row)));
      unit.record({ target: null, details: { count: roles.length } });
      const ours = ROLE_NAMES.map((name) => ({
        name,
        summary: ROLES[name].summary,
        actions: [...ROLES[name].actions],
      }));
      return {
        ours,
        roles,
        nextCursor: rows.length > input.limit ? encodeCursor([roles.at(-1)!.name]) : null,
      };
    });
  },
});
