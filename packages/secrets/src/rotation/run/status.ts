import { KeyfoldError } from "../../error.ts";
import { lookSql } from "../../flow/change.ts";
import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { loadSecret } from "../../secret/load.ts";
import { rotationStatusInput, rotationView } from "./schema.ts";
import { lastRotation, viewRotation } from "./store.ts";

/** A secret's rotation that is under way, or else its last. @throws KeyfoldError `not_found` where there was none */
export const rotationStatus = defineVerb({
  action: "rotation.status",
  changes: false,
  summary: "Read how far a secret's rotation is",
  input: rotationStatusInput,
  output: rotationView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const { secret } = await loadSecret(call, unit.query, tenantId, { id: input.id });
      const rotation = await lastRotation(unit, secret.id);
      if (rotation === null) throw new KeyfoldError("not_found");
      unit.record({
        target: { type: "secret", id: secret.id, name: secret.name, version: rotation.version },
      });
      return viewRotation(rotation);
    });
  },
});
