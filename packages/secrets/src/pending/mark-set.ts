import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { markSetInput, versionView } from "../version/schema.ts";
import { viewVersion } from "../version/view.ts";
import { moveVersion } from "../version/write.ts";
import { lockPending } from "./load.ts";

/**
 * Notes that a pending version's value is about to be, or has been, set at its target: from now on it is not discarded by
 * itself. To be called before the target is, since who dies in between must not leave a value that nobody knows. Called
 * again, it changes nothing.
 */
export const markVersionSet = defineVerb({
  action: "version.mark_set",
  changes: true,
  summary: "Note that a pending version's value is set at its target",
  input: markSetInput,
  output: versionView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const { secret, version } = await lockPending(unit, input);
      const marked =
        version.setAt !== null
          ? version
          : await moveVersion(unit, version, { state: "pending", setAt: unit.now });
      unit.record({
        target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
      });
      return viewVersion(marked, unit.now);
    });
  },
});
