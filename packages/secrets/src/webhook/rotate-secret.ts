import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { withWriteKeys } from "../version/write-keys.ts";
import { loadEndpoint, viewEndpoint } from "./rows.ts";
import { rotateWebhookSecretInput, rotateWebhookSecretOutput } from "./schema.ts";
import { eraseSecrets, storeNewSecret } from "./signing-secret.ts";
import { healthOf, moveEndpoint } from "./store.ts";

/** A new signing secret; for a while both sign, so that the receiver changes over when it likes. */
export const rotateWebhookSecret = defineVerb({
  action: "webhook.rotate_secret",
  changes: true,
  summary: "Rotate a webhook endpoint's signing secret (shown once)",
  input: rotateWebhookSecretInput,
  output: rotateWebhookSecretOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return withWriteKeys(call, tenantId, (keys) =>
      changeSql(call, tenantId, async (unit) => {
        const endpoint = await loadEndpoint(unit, input.id);
        const number = endpoint.secretNumber + 1;
        const previousUntil =
          input.overlapSeconds === 0 ? null : new Date(unit.now.getTime() + input.overlapSeconds * 1000);
        const secret = await storeNewSecret(unit, endpoint.id, number, keys.newest());
        await eraseSecrets(unit, endpoint.id, previousUntil === null ? number : number - 1);
        const moved = await moveEndpoint(unit, call.services.mac, endpoint, {
          secretNumber: number,
          previousUntil,
        });
        unit.record({
          target: { type: "webhook", id: endpoint.id, name: null, version: number },
          details: { previousUntil: previousUntil?.toISOString() ?? null },
        });
        return { endpoint: viewEndpoint(moved, await healthOf(unit, moved.id), unit.now), secret };
      }),
    );
  },
});
