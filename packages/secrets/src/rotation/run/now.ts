import { KeyfoldError } from "../../error.ts";
import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb } from "../../flow/verb.ts";
import { rotationView, runNowInput } from "./schema.ts";
import { startRotation } from "./start.ts";
import { viewRotation } from "./store.ts";

/**
 * Begins a rotation now, by the secret's policy. One without a target is done when this answers; any other goes on by
 * itself, and `rotation.status` tells how far it is.
 */
export const runRotationNow = defineVerb({
  action: "rotation.run_now",
  changes: true,
  summary: "Rotate a secret now, by its rotator",
  input: runNowInput,
  output: rotationView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    const facts = { secretId: input.id, reason: input.reason ?? null, byHand: true };
    const rotation = await startRotation(call, tenantId, facts);
    if (rotation === null) throw new KeyfoldError("conflict");
    return viewRotation(rotation);
  },
});
