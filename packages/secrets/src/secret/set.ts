import { changeSql } from "../flow/change.ts";
import { onceFor } from "../flow/replay.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeValue } from "../input/value.ts";
import { findPlace } from "../place/place.ts";
import { valueDigest, writeKeys } from "../version/write.ts";
import { putByName } from "./put.ts";
import { setSecretInput, setSecretOutput } from "./schema.ts";

/** Sets a secret by name: a new secret, or a new version. The identical value changes nothing. */
export const setSecret = defineVerb({
  action: "secret.set",
  changes: true,
  summary: "Create a secret or make a new version of it",
  input: setSecretInput,
  output: setSecretOutput,
  async run(call, input) {
    const plaintext = decodeValue(input.value, input.encoding, call.services.limits.maxValueBytes);
    try {
      const tenantId = await tenantOf(call, input.tenant);
      const keys = await writeKeys(call, tenantId);
      const digest = valueDigest(keys, plaintext);
      return await changeSql(call, tenantId, async (unit) => {
        const place = await findPlace(unit, input);
        return onceFor(
          unit,
          input.idempotencyKey,
          { ...input, value: digest.toString("hex"), place: place.environment.id },
          () =>
            putByName(
              unit,
              place,
              input.name,
              keys,
              { plaintext, encoding: input.encoding, digest },
              { reason: input.reason, expectedVersion: input.expectedVersion },
            ),
        );
      });
    } finally {
      plaintext.fill(0);
    }
  },
});
