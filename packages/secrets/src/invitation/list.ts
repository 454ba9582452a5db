import { z } from "zod";
import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { listInvitationsInput, listInvitationsOutput } from "./schema.ts";
import { INVITATION_COLUMNS, type InvitationRow, invitationRow, viewInvitation } from "./store.ts";

/** Who was asked into a tenant and has not answered. */
export const listInvitations = defineVerb({
  action: "member.list",
  changes: false,
  summary: "List open invitations",
  input: listInvitationsInput,
  output: listInvitationsOutput,
  async run(call, input) {
    const after = decodeCursor(z.tuple([z.uuid()]), input.cursor)?.[0] ?? null;
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const rows = await unit.query<InvitationRow>(
        `SELECT ${INVITATION_COLUMNS} FROM control_plane.invitations i
          WHERE i.tenant_id = $1::uuid AND i.accepted_at IS NULL AND i.cancelled_at IS NULL AND i.expires_at > $4::timestamptz
            AND ($2::uuid IS NULL OR i.id > $2::uuid)
          ORDER BY i.id LIMIT $3::int`,
        [tenantId, after, input.limit + 1, unit.now],
      );
      const page = rows
        .slice(0, input.limit)
        .map((row) => viewInvitation(invitationRow(call.services, tenantId, row)));
      unit.record({ action: "member.invitations_listed", target: null, details: { count: page.length } });
      return {
        invitations: page,
        nextCursor: rows.length > input.limit ? encodeCursor([page.at(-1)!.id]) : null,
      };
    });
  },
});
