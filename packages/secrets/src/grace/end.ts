import { refuseInUse } from "../consumer/waiting.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { iso } from "../input/stored.ts";
import { tell } from "../message/tell.ts";
import { endGraceInput, versionView } from "../version/schema.ts";
import { viewVersion } from "../version/view.ts";
import { settleGrace } from "./keep.ts";
import { lockInGrace } from "./load.ts";

/** Ends a version's grace now: it is refused from here on, and kept or destroyed as at any grace's end. */
export const endGrace = defineVerb({
  action: "version.end_grace",
  changes: true,
  summary: "End a version's grace before its time",
  input: endGraceInput,
  output: versionView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const { secret, version } = await lockInGrace(unit, input);
      await refuseInUse(unit, secret, version.number, input.force);
      const ended = await settleGrace(unit, secret, version, input.reason);
      unit.record({
        target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
        reason: input.reason,
        details: {
          openUntil: iso(version.openUntil),
          became: ended.state,
          ...(input.force ? { force: true } : {}),
        },
      });
      tell(unit, "secret.grace_ended", secret, { version: version.number });
      return viewVersion(ended, unit.now);
    });
  },
});
