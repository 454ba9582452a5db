import { changeSql } from "../flow/change.ts";
import { onceFor, spellValue } from "../flow/replay.ts";
import { defineVerb } from "../flow/verb.ts";
import { withNewValue } from "../version/new-value.ts";
import { lockSecret } from "./load.ts";
import { rotateSecretInput, setSecretOutput } from "./schema.ts";
import { checkExpected, putVersion } from "./store.ts";

/** Makes a new current version of an existing secret; the one before still opens until its grace ends. */
export const rotateSecret = defineVerb({
  action: "secret.rotate",
  changes: true,
  summary: "Rotate a secret to a new value",
  input: rotateSecretInput,
  output: setSecretOutput,
  run(call, input) {
    return withNewValue(call, input, (tenantId, keys, value) =>
      changeSql(call, tenantId, async (unit) => {
        const loaded = await lockSecret(unit, input);
        return onceFor(
          unit,
          input.idempotencyKey,
          { ...input, value: spellValue(unit, value), secret: loaded.secret.id },
          async () => {
            checkExpected(loaded.secret, input.expectedVersion);
            const put = await putVersion(unit, loaded, keys, value, {
              reason: input.reason ?? null,
              graceSeconds: input.graceSeconds,
              sameIsNothing: true,
            });
            unit.record({
              action: put.changed ? "secret.rotated" : "secret.unchanged",
              target: { type: "secret", id: put.secret.id, name: put.secret.name, version: put.version },
              reason: input.reason ?? null,
              details: put.changed
                ? { rotatedFrom: put.rotatedFrom, openUntil: put.openUntil?.toISOString() ?? null }
                : {},
            });
            return { secret: put.secret, changed: put.changed, rotatedFrom: put.rotatedFrom };
          },
        );
      }),
    );
  },
});
