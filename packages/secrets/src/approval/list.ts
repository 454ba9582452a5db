import { z } from "zod";
import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { cursorMoment, decodeCursor, encodeCursor } from "../input/page.ts";
import { visiblePage } from "../input/visible-page.ts";
import { type ApprovalRow, approvalRow, maySeeApproval, type StoredApproval, viewApproval } from "./rows.ts";
import { listApprovalsInput, listApprovalsOutput } from "./schema.ts";

/** What was asked for and decided, newest first: of the places and names that the asker may see. */
export const listApprovals = defineVerb({
  action: "approval.list",
  changes: false,
  summary: "List approvals",
  input: listApprovalsInput,
  output: listApprovalsOutput,
  async run(call, input) {
    const before = decodeCursor(z.tuple([cursorMoment, z.uuid()]), input.cursor);
    const after = before === null ? null : { requestedAt: new Date(before[0]), id: before[1] };
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const { page, last } = await visiblePage(
        { after, limit: input.limit },
        async (after: Pick<ApprovalRow, "requestedAt" | "id"> | null, limit) => {
          const rows = await unit.query<StoredApproval>(
            `SELECT * FROM control_plane.approvals a WHERE a.tenant_id = $1::uuid
                AND ($2::timestamptz IS NULL OR (a.requested_at, a.id) < ($2::timestamptz, $3::uuid))
                AND (NOT $4::boolean OR (a.state = 'requested' AND a.expires_at > control_plane.clock()))
              ORDER BY a.requested_at DESC, a.id DESC LIMIT $5::int`,
            [tenantId, after?.requestedAt ?? null, after?.id ?? null, input.state === "requested", limit],
          );
          return rows.map((row) => approvalRow(call.services.mac, tenantId, row));
        },
        (row) => maySeeApproval(call, row),
      );
      unit.record({ target: null, details: { count: page.length } });
      return {
        approvals: page.map((row) => viewApproval(row, unit.now)),
        nextCursor: last === null ? null : encodeCursor([last.requestedAt.toISOString(), last.id]),
      };
    });
  },
});
