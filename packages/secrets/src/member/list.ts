import { z } from "zod";
import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { MEMBER_COLUMNS, type MemberRow, memberRow } from "./rows.ts";
import { listMembersInput, listMembersOutput } from "./schema.ts";
import { viewMember } from "./store.ts";

/** Who belongs to a tenant, and what each was given. */
export const listMembers = defineVerb({
  action: "member.list",
  changes: false,
  summary: "List members",
  input: listMembersInput,
  output: listMembersOutput,
  async run(call, input) {
    const after = decodeCursor(z.tuple([z.uuid()]), input.cursor)?.[0] ?? null;
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const rows = await unit.query<MemberRow>(
        `SELECT ${MEMBER_COLUMNS} FROM control_plane.memberships m
          WHERE m.tenant_id = $1::uuid AND m.removed_at IS NULL AND ($2::uuid IS NULL OR m.person_id > $2::uuid)
          ORDER BY m.person_id LIMIT $3::int`,
        [tenantId, after, input.limit + 1],
      );
      const page = rows
        .slice(0, input.limit)
        .map((row) => viewMember(memberRow(call.services.mac, tenantId, row)));
      unit.record({ target: null, details: { count: page.length } });
      return {
        members: page,
        nextCursor: rows.length > input.limit ? encodeCursor([page.at(-1)!.personId]) : null,
      };
    });
  },
});
