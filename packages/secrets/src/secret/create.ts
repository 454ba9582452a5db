import { KeyfoldError } from "../error.ts";
import { defineVerb } from "../flow/verb.ts";
import { createSecretInput, secretView } from "./schema.ts";
import { insertSecret } from "./set/insert.ts";
import { onceInPlace } from "./set/once-in-place.ts";
import { isNameTaken } from "./store.ts";

/** Makes a new secret with its version 1. @throws KeyfoldError `name_taken`, `not_found` (no such place), `too_large` */
export const createSecret = defineVerb({
  action: "secret.create",
  changes: true,
  summary: "Create a secret with its first version",
  input: createSecretInput,
  output: secretView,
  run(call, input) {
    return onceInPlace(call, input, async (unit, place, keys, value) => {
      if (await isNameTaken(unit, place.project.id, place.environment.id, input.name))
        throw new KeyfoldError("name_taken");
      const secret = await insertSecret(unit, place, { ...input, value }, keys, { reason: input.reason });
      unit.record({
        target: { type: "secret", id: secret.id, name: secret.name, version: 1 },
        reason: input.reason ?? null,
      });
      return secret;
    });
  },
});
