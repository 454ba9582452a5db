import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { tell } from "../message/tell.ts";
import { lockSecret } from "../secret/load.ts";
import { viewApproval } from "./rows.ts";
import { approvalView, breakGlassInput } from "./schema.ts";
import { GLASS_SECONDS, insertApproval } from "./store.ts";

/**
 * An owner goes on without a second person, for a quarter of an hour and one secret: the reason is kept, and everybody who
 * hears of the tenant's changes hears of it. Asks for what the secret's policy asks for otherwise all the same.
 * @throws KeyfoldError `not_found`; `forbidden` for who is no person
 */
export const breakGlass = defineVerb({
  action: "approval.break_glass",
  changes: true,
  summary: "Go on without an approval: for owners, with a reason, and everybody is told",
  input: breakGlassInput,
  output: approvalView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    const { actor } = call;
    if (actor.type !== "user") throw new KeyfoldError("forbidden");
    return changeSql(call, tenantId, async (unit) => {
      const { secret } = await lockSecret(unit, { id: input.id });
      const row = await insertApproval(unit, actor, secret, {
        kind: "break_glass",
        reason: input.reason,
        decided: true,
        seconds: GLASS_SECONDS,
      });
      unit.record({
        target: { type: "secret", id: secret.id, name: secret.name },
        reason: input.reason,
        details: { approval: row.id, until: row.expiresAt.toISOString() },
      });
      tell(unit, "secret.glass_broken", secret, { by: actor.name, until: row.expiresAt.toISOString() });
      return viewApproval(row, unit.now);
    });
  },
});
