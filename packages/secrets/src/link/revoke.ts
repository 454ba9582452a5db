import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { maySee } from "./list.ts";
import { linkView, revokeLinkInput } from "./schema.ts";
import { endLink, lockLink, stateOf, viewLink } from "./store.ts";

/**
 * Takes a link back: it is of no use any more, and what it shares is erased.
 * @throws KeyfoldError `not_found`; `illegal_state` for one that has ended
 */
export const revokeLink = defineVerb({
  action: "link.revoke",
  changes: true,
  summary: "Revoke a link",
  input: revokeLinkInput,
  output: linkView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const { row } = await lockLink(call.services, unit, tenantId, input.id);
      if (!maySee(call, row)) throw new KeyfoldError("not_found");
      const state = stateOf(row, unit.now);
      if (state !== "open")
        throw new KeyfoldError("illegal_state", { sentence: `This link is ${state} already.` });
      const ended = await endLink(unit, row, "revokedAt");
      unit.record({ target: { type: "link", id: row.id, name: row.label } });
      return viewLink(ended, unit.now);
    });
  },
});
