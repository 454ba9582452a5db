import { defineVerb } from "../../flow/verb.ts";
import { setSecretInput, setSecretOutput } from "../schema.ts";
import { onceInPlace } from "./once-in-place.ts";
import { putByName } from "./put.ts";

/** Sets a secret by name: a new secret, or a new version. The identical value changes nothing. */
export const setSecret = defineVerb({
  action: "secret.set",
  changes: true,
  summary: "Create a secret or make a new version of it",
  input: setSecretInput,
  output: setSecretOutput,
  run(call, input) {
    return onceInPlace(call, input, (unit, place, keys, value) =>
      putByName(unit, place, input.name, keys, value, {
        reason: input.reason,
        expectedVersion: input.expectedVersion,
      }),
    );
  },
});
