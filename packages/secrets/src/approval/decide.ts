import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { maySeeApproval, viewApproval } from "./rows.ts";
import { approvalView, decideApprovalInput } from "./schema.ts";
import { decide, lockApproval } from "./store.ts";

/**
 * Another person says yes or no, once. A yes is good for an hour.
 * @throws KeyfoldError `not_found`; `forbidden` for who asked themselves, and for who is no person; `illegal_state` for
 *   what was decided or has expired
 */
export const decideApproval = defineVerb({
  action: "approval.decide",
  changes: true,
  summary: "Approve or refuse what another person asked for",
  input: decideApprovalInput,
  output: approvalView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    const { actor } = call;
    if (actor.type !== "user") throw new KeyfoldError("forbidden");
    return changeSql(call, tenantId, async (unit) => {
      const row = await lockApproval(unit, input.id);
      if (!maySeeApproval(call, row)) throw new KeyfoldError("not_found");
      if (row.personId === actor.id)
        throw new KeyfoldError("forbidden", {
          sentence: "You asked for this yourself. Another person decides it.",
        });
      if (row.state !== "requested" || row.expiresAt <= unit.now)
        throw new KeyfoldError("illegal_state", { sentence: "This was decided already, or has expired." });
      const moved = await decide(unit, row, input.approve, input.reason ?? null);
      unit.record({
        action: input.approve ? "approval.approved" : "approval.refused",
        target: { type: "approval", id: moved.id, name: moved.name || null },
        ...(moved.decisionReason === null ? {} : { reason: moved.decisionReason }),
        details: { kind: moved.kind, environment: moved.environmentId, for: moved.personId },
      });
      return viewApproval(moved, unit.now);
    });
  },
});
