import { KeyfoldError } from "../../error.ts";
import { changeSql } from "../../flow/change.ts";
import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { loadSecret, lockSecret } from "../../secret/load.ts";
import { retryRotationInput, rotationView } from "./schema.ts";
import { lastRotation, moveRotation, viewRotation } from "./store.ts";

/**
 * Has a rotation tried again: one that failed, with the value that it made; one that waits for its next try, at once. What
 * was superseded cannot be: its version was based on one that is not current any more.
 */
export const retryRotation = defineVerb({
  action: "rotation.retry",
  changes: true,
  summary: "Try a rotation again that failed or waits",
  input: retryRotationInput,
  output: rotationView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(
      call,
      tenantId,
      async (unit) => {
        const { secret } = await lockSecret(unit, { id: input.id });
        const rotation = await lastRotation(unit, secret.id);
        if (rotation === null || rotation.finishedAt !== null) throw new KeyfoldError("not_found");
        const { version } =
          rotation.version === null
            ? { version: null }
            : await loadSecret(call, unit.query, tenantId, { id: secret.id }, { number: rotation.version });
        const failed = rotation.phase === "failed";
        if (
          failed &&
          (rotation.cause === "superseded" ||
            (version !== null &&
              (version.state !== "pending" || version.rotatedFrom !== secret.currentVersion)))
        )
          throw new KeyfoldError("illegal_state", {
            sentence: "Another version became current meanwhile. Abandon this rotation, and begin another.",
          });
        const phase = failed ? (version === null ? "make" : "set") : rotation.phase;
        const fresh = failed ? { cause: null, problem: null, targetCode: null } : {};
        const moved = await moveRotation(unit, rotation, { phase, attempts: 0, tryAt: unit.now, ...fresh });
        unit.record({
          target: { type: "secret", id: secret.id, name: secret.name, version: rotation.version },
          reason: input.reason,
          details: { rotation: rotation.id, phase },
        });
        return viewRotation(moved);
      },
      { raise: false },
    );
  },
});
