import { changeTogether } from "../../flow/change-together.ts";
import { onceFor, spellValue } from "../../flow/replay.ts";
import { defineVerb } from "../../flow/verb.ts";
import { findPlaceFor } from "../../place/place.ts";
import { withNewValue } from "../../version/new-value.ts";
import { setSecretInput, setSecretOutput } from "../schema.ts";
import { putByName } from "./put.ts";

/** Sets a secret by name: a new secret, or a new version. The identical value changes nothing. */
export const setSecret = defineVerb({
  action: "secret.set",
  changes: true,
  summary: "Create a secret or make a new version of it",
  input: setSecretInput,
  output: setSecretOutput,
  run(call, input) {
    return withNewValue(call, input, (tenantId, keys, value) =>
      changeTogether(call, tenantId, input.name, async (unit) => {
        const place = await findPlaceFor(unit, input, [input.name]);
        return onceFor(
          unit,
          input.idempotencyKey,
          { ...input, value: spellValue(unit, value), place: place.environment.id },
          () =>
            putByName(unit, place, input.name, keys, value, {
              reason: input.reason,
              expectedVersion: input.expectedVersion,
            }),
        );
      }),
    );
  },
});
