import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { tell } from "../message/tell.ts";
import { loadEndpoint } from "./rows.ts";
import { testWebhookInput, testWebhookOutput } from "./schema.ts";

/** Sends an endpoint a message of the kind `webhook.test`, on the very way that all others take. */
export const testWebhook = defineVerb({
  action: "webhook.test",
  changes: true,
  summary: "Send a test message to a webhook endpoint",
  input: testWebhookInput,
  output: testWebhookOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const endpoint = await loadEndpoint(unit, input.id);
      if (endpoint.disabledAt !== null || (endpoint.expiresAt !== null && endpoint.expiresAt <= unit.now))
        throw new KeyfoldError("illegal_state", {
          sentence: "This endpoint is disabled, or who vouched for it has expired. Enable it first.",
        });
      const message = tell(unit, "webhook.test", null, { endpoint_id: endpoint.id });
      unit.record({ target: { type: "webhook", id: endpoint.id, name: null } });
      return { message };
    });
  },
});
