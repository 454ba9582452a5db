import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { endpointOf, type Health, maySee, type StoredEndpoint, viewEndpoint } from "./rows.ts";
import { listWebhooksInput, listWebhooksOutput } from "./schema.ts";

/** A tenant's endpoints, newest first: those that see no more than the asker. */
export const listWebhooks = defineVerb({
  action: "webhook.list",
  changes: false,
  summary: "List webhook endpoints",
  input: listWebhooksInput,
  output: listWebhooksOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const rows = await unit.query<StoredEndpoint & Health>(
        `SELECT e.*, h.failing_since AS "failingSince", h.failures, h.last_success_at AS "lastSuccessAt"
           FROM control_plane.webhook_endpoints e
           LEFT JOIN control_plane.webhook_health h ON h.tenant_id = e.tenant_id AND h.endpoint_id = e.id
          WHERE e.tenant_id = $1::uuid AND e.deleted_at IS NULL ORDER BY e.created_at DESC, e.id`,
        [tenantId],
      );
      const endpoints = rows.flatMap((row) => {
        const endpoint = endpointOf(call.services.mac, tenantId, row);
        return maySee(call.actor, call.action, endpoint) ? [viewEndpoint(endpoint, row, unit.now)] : [];
      });
      unit.record({ target: null, details: { count: endpoints.length } });
      return { endpoints };
    });
  },
});
