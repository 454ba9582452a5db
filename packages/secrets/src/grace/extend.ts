import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { iso } from "../input/stored.ts";
import { extendGraceInput, versionView } from "../version/schema.ts";
import { viewVersion } from "../version/view.ts";
import { moveVersion } from "../version/write.ts";
import { lockInGrace } from "./load.ts";

/** Lets a version's grace end later. One that has ended does not begin again: a roll back brings its value back. */
export const extendGrace = defineVerb({
  action: "version.extend_grace",
  changes: true,
  summary: "Extend a version's grace",
  input: extendGraceInput,
  output: versionView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const { secret, version } = await lockInGrace(unit, input);
      const openUntil = new Date(unit.now.getTime() + input.seconds * 1000);
      if (version.openUntil !== null && openUntil <= version.openUntil)
        throw new KeyfoldError("illegal_state", {
          sentence: "Its grace lasts longer than that already. To let it end sooner, end it.",
        });
      const moved = await moveVersion(unit, version, { state: "grace", openUntil, warnedAt: null });
      unit.record({
        target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
        reason: input.reason,
        details: { openUntil: iso(openUntil), before: iso(version.openUntil) },
      });
      return viewVersion(moved, unit.now);
    });
  },
});
