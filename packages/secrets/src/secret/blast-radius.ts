import { afterName, pageOf } from "../consumer/page.ts";
import { consumersOf, sumsOf } from "../consumer/query.ts";
import { blastRadiusInput, blastRadiusOutput } from "../consumer/schema.ts";
import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { loadSecret } from "./load.ts";

/**
 * Whom a rotation, revocation or deletion touches: who reads the secret, when last, which version, who has not moved, who
 * was declared and never seen. What reads did in the last ten seconds may be missing.
 */
export const blastRadius = defineVerb({
  action: "secret.get",
  changes: false,
  summary: "Whom a change of this secret touches",
  input: blastRadiusInput,
  output: blastRadiusOutput,
  async run(call, input) {
    const after = afterName(input.cursor);
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const { secret } = await loadSecret(call, unit.query, tenantId, input, {
        deleted: input.id !== undefined,
      });
      const which = { tenantId, secretId: secret.id, current: secret.currentVersion };
      const { states, uses } = await sumsOf(unit.query, which);
      const rows = await consumersOf(unit.query, which, {
        after,
        state: input.state,
        limit: input.limit + 1,
      });
      const { current = 0, behind = 0, gone = 0, never_seen: neverSeen = 0 } = states;
      const total = current + behind + gone + neverSeen;
      unit.record({
        action: "secret.blast_radius_read",
        target: { type: "secret", id: secret.id, name: secret.name },
        details: { consumers: total },
      });
      const sums = { total, current, behind, gone, neverSeen, uses };
      return { secretId: secret.id, version: secret.currentVersion, ...sums, ...pageOf(rows, input.limit) };
    });
  },
});
