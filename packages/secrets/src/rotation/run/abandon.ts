import { KeyfoldError } from "../../error.ts";
import { changeSql } from "../../flow/change.ts";
import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { loadSecret, lockSecret } from "../../secret/load.ts";
import { eraseSealed, moveVersion } from "../../version/write.ts";
import { lookAhead } from "./next.ts";
import { abandonRotationInput, rotationView } from "./schema.ts";
import { lastRotation, moveRotation, viewRotation } from "./store.ts";

/**
 * Gives a rotation up. Once it has failed, what was set has been undone, and the version that it made is destroyed; before
 * that, the target may hold its value, and it takes `force`.
 */
export const abandonRotation = defineVerb({
  action: "rotation.abandon",
  changes: true,
  summary: "Give up a rotation",
  input: abandonRotationInput,
  output: rotationView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const { secret } = await lockSecret(unit, { id: input.id });
      const rotation = await lastRotation(unit, secret.id);
      if (rotation === null || rotation.finishedAt !== null) throw new KeyfoldError("not_found");
      const { phase, version: number } = rotation;
      if (phase === "finish" && !input.force)
        throw new KeyfoldError("illegal_state", {
          sentence:
            "Readers have the new value already, and only the end at the target is missing. Retry it; or give `force` to leave that to yourself.",
        });
      if (phase !== "failed" && phase !== "make" && phase !== "finish" && !input.force)
        throw new KeyfoldError("illegal_state", {
          sentence:
            "The target may hold the new value. Wait until the rotation has ended or failed; or give `force`, once you have seen to the target.",
        });
      if (number !== null && phase !== "finish") {
        const { version } = await loadSecret(call, unit.query, tenantId, { id: secret.id }, { number });
        if (version?.state === "pending") {
          await eraseSealed(unit, secret.id, number);
          const end = { state: "destroyed", destroyedAt: unit.now, endReason: input.reason } as const;
          await moveVersion(unit, version, end);
        }
      }
      const ended = {
        phase: phase === "finish" ? "done" : "abandoned",
        finishedAt: unit.now,
        tryAt: null,
      } as const;
      const moved = await moveRotation(unit, rotation, { ...ended, reason: input.reason });
      // Not at once anew, for whatever reason it was given up.
      await lookAhead(unit, secret.id);
      unit.record({
        target: { type: "secret", id: secret.id, name: secret.name, version: number },
        reason: input.reason,
        details: { rotation: rotation.id, phase, forced: input.force },
      });
      return viewRotation(moved);
    });
  },
});
