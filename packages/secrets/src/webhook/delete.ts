import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { hostOf } from "./create.ts";
import { loadEndpoint, viewEndpoint } from "./rows.ts";
import { deleteWebhookInput, endpointView } from "./schema.ts";
import { eraseSecrets } from "./signing-secret.ts";
import { giveUpWaiting, moveEndpoint } from "./store.ts";

/** Deletes an endpoint: nothing more is sent to it, and its signing secrets are erased. Its delivery log ages away. */
export const deleteWebhook = defineVerb({
  action: "webhook.delete",
  changes: true,
  summary: "Delete a webhook endpoint",
  input: deleteWebhookInput,
  output: endpointView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const endpoint = await loadEndpoint(unit, input.id);
      const moved = await moveEndpoint(unit, call.services.mac, endpoint, {
        deletedAt: unit.now,
        disabledAt: endpoint.disabledAt ?? unit.now,
        disabledReason: endpoint.disabledReason ?? "by_hand",
      });
      await eraseSecrets(unit, endpoint.id, endpoint.secretNumber + 1);
      await giveUpWaiting(unit, endpoint.id, unit.now);
      unit.record({
        target: { type: "webhook", id: endpoint.id, name: null },
        details: { host: hostOf(endpoint.url) },
      });
      return viewEndpoint(moved, null, unit.now);
    });
  },
});
