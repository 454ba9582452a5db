import { z } from "zod";
import { grantsFor, mayReach } from "../access/authorize.ts";
import { coversWholeTenant } from "../access/scope.ts";
import type { Call } from "../flow/call.ts";
import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { cursorMoment, decodeCursor, encodeCursor } from "../input/page.ts";
import { visiblePage } from "../input/visible-page.ts";
import { findPlace } from "../place/place.ts";
import { listLinksInput, listLinksOutput } from "./schema.ts";
import { LINK_COLUMNS, type LinkRow, linkRow, viewLink } from "./store.ts";

/** Links, newest first: open ones, and for a month those that have ended. */
export const listLinks = defineVerb({
  action: "link.list",
  changes: false,
  summary: "List links by which values are handed in and shared",
  input: listLinksInput,
  output: listLinksOutput,
  async run(call, input) {
    const before = decodeCursor(z.tuple([cursorMoment, z.uuid()]), input.cursor);
    const after = before === null ? null : { createdAt: new Date(before[0]), id: before[1] };
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const place =
        input.project === undefined && input.environment === undefined ? null : await findPlace(unit, input);
      const { page, last } = await visiblePage(
        { after, limit: input.limit },
        async (after: Pick<LinkRow, "createdAt" | "id"> | null, limit) => {
          const rows = await unit.query<LinkRow>(
            `SELECT ${LINK_COLUMNS} FROM control_plane.value_links l
              WHERE l.tenant_id = $1::uuid AND ($2::timestamptz IS NULL OR (l.created_at, l.id) < ($2::timestamptz, $3::uuid))
                AND ($4::uuid IS NULL OR l.environment_id = $4::uuid)
              ORDER BY l.created_at DESC, l.id DESC LIMIT $5::int`,
            [tenantId, after?.createdAt ?? null, after?.id ?? null, place?.environment.id ?? null, limit],
          );
          return rows.map((row) => linkRow(call.services, tenantId, row));
        },
        (row) => maySee(call, row),
      );
      unit.record({ target: null, details: { count: page.length } });
      return {
        links: page.map((row) => viewLink(row, unit.now)),
        nextCursor: last === null ? null : encodeCursor([last.createdAt.toISOString(), last.id]),
      };
    });
  },
});

/** One about a secret: whoever reaches it. One that is no secret's: who made it, and whoever sees the whole tenant. */
export function maySee({ actor, action }: Call, row: LinkRow): boolean {
  const { projectId, environmentId, name } = row;
  if (projectId !== null && environmentId !== null && name !== null)
    return mayReach(actor, action, { projectId, environmentId, name });
  return (
    (row.createdBy as { id: string }).id === actor.id ||
    (grantsFor(actor, action)?.some(coversWholeTenant) ?? true)
  );
}
