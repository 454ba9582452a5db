import { KeyfoldError } from "../error.ts";
import { changeTogether } from "../flow/change-together.ts";
import { onceFor, spellValue } from "../flow/replay.ts";
import { defineVerb } from "../flow/verb.ts";
import { findPlaceFor } from "../place/place.ts";
import { withNewValue } from "../version/new-value.ts";
import { createSecretInput, secretView } from "./schema.ts";
import { insertSecret } from "./set/insert.ts";
import { isNameTaken } from "./store.ts";

/** Makes a new secret with its version 1. @throws KeyfoldError `name_taken`, `not_found` (no such place), `too_large` */
export const createSecret = defineVerb({
  action: "secret.create",
  changes: true,
  summary: "Create a secret with its first version",
  input: createSecretInput,
  output: secretView,
  run(call, input) {
    return withNewValue(call, input, (tenantId, keys, value) =>
      changeTogether(call, tenantId, input.name, async (unit) => {
        const place = await findPlaceFor(unit, input, [input.name]);
        return onceFor(
          unit,
          input.idempotencyKey,
          { ...input, value: spellValue(unit, value), place: place.environment.id },
          async () => {
            if (await isNameTaken(unit, place.project.id, place.environment.id, input.name))
              throw new KeyfoldError("name_taken");
            const secret = await insertSecret(unit, place, { ...input, value }, keys, {
              reason: input.reason,
            });
            unit.record({
              target: { type: "secret", id: secret.id, name: secret.name, version: 1 },
              reason: input.reason ?? null,
            });
            return secret;
          },
        );
      }),
    );
  },
});
