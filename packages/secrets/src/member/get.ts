import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { getMemberInput, memberView } from "./schema.ts";
import { loadMember, viewMember } from "./store.ts";

/** One member, and what they were given. */
export const getMember = defineVerb({
  action: "member.get",
  changes: false,
  summary: "Read a member",
  input: getMemberInput,
  output: memberView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const row = await loadMember(unit, input.personId);
      unit.record({ target: { type: "member", id: row.personId, name: row.name } });
      return viewMember(row);
    });
  },
});
