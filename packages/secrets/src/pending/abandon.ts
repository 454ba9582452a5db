import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { abandonVersionInput, versionView } from "../version/schema.ts";
import { viewVersion } from "../version/view.ts";
import { eraseSealed, moveVersion } from "../version/write.ts";
import { lockPending } from "./load.ts";

/**
 * Destroys a pending version; its number stays taken. One whose value was set at its target needs `force`: that target
 * would be left with a value that nobody here knows.
 */
export const abandonVersion = defineVerb({
  action: "version.abandon",
  changes: true,
  summary: "Destroy a pending version",
  input: abandonVersionInput,
  output: versionView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const { secret, version } = await lockPending(unit, input);
      if (version.setAt !== null && !input.force)
        throw new KeyfoldError("illegal_state", {
          sentence:
            "This version's value was set at its target already, and no other copy of it may exist. Finish it; or abandon it with `force`, once the target has another value.",
        });
      await eraseSealed(unit, secret.id, version.number);
      const ended = await moveVersion(unit, version, {
        state: "destroyed",
        destroyedAt: unit.now,
        endReason: input.reason,
      });
      unit.record({
        target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
        reason: input.reason,
        details: { setAtTarget: version.setAt !== null },
      });
      return viewVersion(ended, unit.now);
    });
  },
});
