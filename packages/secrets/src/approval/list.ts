import { z } from "zod";
import { grantsFor } from "../access/authorize.ts";
import { coversPlace, coversSecret } from "../access/scope.ts";
import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { cursorMoment, decodeCursor, encodeCursor } from "../input/page.ts";
import { type ApprovalRow, approvalRow, type StoredApproval, viewApproval } from "./rows.ts";
import { listApprovalsInput, listApprovalsOutput } from "./schema.ts";

const ROWS_AT_ONCE = 500;

/** What was asked for and decided, newest first: of the places and names that the asker may see. */
export const listApprovals = defineVerb({
  action: "approval.list",
  changes: false,
  summary: "List approvals",
  input: listApprovalsInput,
  output: listApprovalsOutput,
  async run(call, input) {
    const before = decodeCursor(z.tuple([cursorMoment, z.uuid()]), input.cursor);
    const tenantId = await tenantOf(call, input.tenant);
    const grants = grantsFor(call.actor, call.action);
    const maySee = (row: ApprovalRow) =>
      grants?.some((grant) => (row.name === "" ? coversPlace(grant, row) : coversSecret(grant, row))) ?? true;
    return lookSql(call, tenantId, async (unit) => {
      const visible: ApprovalRow[] = [];
      let after = before === null ? null : { requestedAt: new Date(before[0]), id: before[1] };
      // Until the page is full of what the asker may see: neither page nor cursor shows that there is more.
      for (let more = true; more && visible.length <= input.limit; ) {
        const rows = await unit.query<StoredApproval>(
          `SELECT * FROM control_plane.approvals a WHERE a.tenant_id = $1::uuid
              AND ($2::timestamptz IS NULL OR (a.requested_at, a.id) < ($2::timestamptz, $3::uuid))
              AND (NOT $4::boolean OR (a.state = 'requested' AND a.expires_at > control_plane.clock()))
            ORDER BY a.requested_at DESC, a.id DESC LIMIT ${ROWS_AT_ONCE}`,
          [tenantId, after?.requestedAt ?? null, after?.id ?? null, input.state === "requested"],
        );
        const found = rows.map((row) => approvalRow(call.services.mac, tenantId, row));
        visible.push(...found.filter(maySee));
        after = found.at(-1) ?? null;
        more = rows.length === ROWS_AT_ONCE;
      }
      const page = visible.slice(0, input.limit);
      unit.record({ target: null, details: { count: page.length } });
      const last = page.at(-1);
      return {
        approvals: page.map((row) => viewApproval(row, unit.now)),
        nextCursor:
          visible.length > input.limit && last !== undefined
            ? encodeCursor([last.requestedAt.toISOString(), last.id])
            : null,
      };
    });
  },
});
