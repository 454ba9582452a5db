import { randomUUID } from "node:crypto";
import { withTenantSql } from "@keyfold/db";
import { append } from "../../audit/append.ts";
import { newBatchId } from "../../audit/batch-id.ts";
import { again } from "../../flow/again.ts";
import { encode } from "../../flow/event.ts";
import type { Services } from "../../flow/services.ts";
import { endpointOf, type StoredEndpoint } from "../rows.ts";
import { giveUpWaiting, moveEndpoint } from "../store.ts";

/**
 * Stops sending to an endpoint by itself: it failed for days, or said that it is gone. Loud: in the tenant's audit log, in
 * the operator's log, and told to the tenant's other endpoints and its stream.
 */
export async function disableEndpoint(
  services: Services,
  tenantId: string,
  endpointId: string,
  reason: "failing" | "gone",
): Promise<void> {
  const done = await again(() =>
    withTenantSql(services.db, tenantId, async ({ query, now }) => {
      const [row] = await query<StoredEndpoint>(
        `SELECT * FROM control_plane.webhook_endpoints
          WHERE tenant_id = $1::uuid AND id = $2::uuid AND deleted_at IS NULL AND disabled_at IS NULL FOR UPDATE`,
        [tenantId, endpointId],
      );
      if (row === undefined) return false;
      const endpoint = endpointOf(services.mac, tenantId, row);
      const unit = { query, tenantId, now };
      await moveEndpoint(unit, services.mac, endpoint, { disabledAt: now, disabledReason: reason });
      await giveUpWaiting(unit, endpointId, now);
      const event = encode(
        services.clock(),
        { type: "job", id: null, name: "webhooks", via: null },
        { ip: null, userAgent: null, correlationId: randomUUID() },
        tenantId,
        "webhook.disabled",
        { target: { type: "webhook", id: endpointId, name: null }, outcome: "error", details: { reason } },
      );
      const message = {
        kind: "webhook.disabled" as const,
        secret: null,
        project: null,
        environment: null,
        name: null,
        data: { endpoint_id: endpointId, reason },
      };
      const told = { batch: newBatchId(), messages: [message] };
      return (await append(query, tenantId, [event], { raise: true }, told)) === "appended";
    }),
  );
  if (done)
    services.log.warn({ tenant: tenantId, webhook: endpointId, reason }, "a webhook endpoint was disabled");
}
