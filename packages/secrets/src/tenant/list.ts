import { z } from "zod";
import { onDeployment } from "../flow/deployment-change.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { slug } from "../input/text.ts";
import { listTenantsInput, listTenantsOutput } from "./schema.ts";
import { type TenantRow, viewTenant } from "./store.ts";

const FIRST = ["", "00000000-0000-0000-0000-000000000000"] as const;

/** All tenants, by slug; metadata only. */
export const listTenants = defineVerb({
  action: "tenant.list",
  changes: false,
  summary: "List tenants",
  input: listTenantsInput,
  output: listTenantsOutput,
  async run(call, input) {
    const after = decodeCursor(z.tuple([slug, z.uuid()]), input.cursor) ?? FIRST;
    return onDeployment(call, async (unit) => {
      const rows = await unit.query<TenantRow>(
        `SELECT id, slug, name, created_at AS "createdAt", created_by AS "createdBy", deleted_at AS "deletedAt", purged_at AS "purgedAt",
           grace_seconds AS "graceSeconds", algorithm, generation, mac FROM control_plane.list_tenants($1, $2::uuid, $3::int, $4::boolean)`,
        [after[0], after[1], input.limit + 1, input.deleted],
      );
      const page = rows.slice(0, input.limit);
      for (const row of page) if (row.deletedAt === null) call.services.mac.check("tenants", row.id, row);
      unit.record({ target: null, details: { count: page.length } });
      const last = page.at(-1);
      return {
        tenants: page.map((row) => viewTenant(row, call.services)),
        nextCursor:
          rows.length > input.limit && last !== undefined ? encodeCursor([last.slug, last.id]) : null,
      };
    });
  },
});
