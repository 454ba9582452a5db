import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { parseMessageId } from "../message/id.ts";
import { loadEndpoint } from "./rows.ts";
import { replayInput, replayOutput } from "./schema.ts";

const MOST = 10_000;

const AGAIN = `UPDATE control_plane.webhook_deliveries d
    SET state = 'waiting', attempts = 0, due_at = $3::timestamptz, lease = NULL, finished_at = NULL
   FROM (SELECT x.batch, x.item FROM control_plane.webhook_deliveries x
           JOIN control_plane.tenant_messages m ON m.tenant_id = x.tenant_id AND m.batch = x.batch AND m.item = x.item
          WHERE x.tenant_id = $1::uuid AND x.endpoint_id = $2::uuid AND `;
const ALL_DEAD = `${AGAIN} x.state = 'dead' AND m.created_at >= $4::timestamptz ORDER BY x.batch, x.item LIMIT ${MOST}) w
  WHERE d.tenant_id = $1::uuid AND d.endpoint_id = $2::uuid AND d.batch = w.batch AND d.item = w.item RETURNING 1`;
const THESE = `${AGAIN} x.state <> 'waiting'
            AND (m.batch_id, m.item) IN (SELECT * FROM unnest($4::uuid[], $5::int[]))) w
  WHERE d.tenant_id = $1::uuid AND d.endpoint_id = $2::uuid AND d.batch = w.batch AND d.item = w.item RETURNING 1`;

/** Sends messages again that an endpoint was sent: under the same ids, with all attempts before them. */
export const replayDeliveries = defineVerb({
  action: "webhook.replay",
  changes: true,
  summary: "Send messages again to a webhook endpoint",
  input: replayInput,
  output: replayOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return changeSql(call, tenantId, async (unit) => {
      const endpoint = await loadEndpoint(unit, input.id);
      if (endpoint.disabledAt !== null)
        throw new KeyfoldError("illegal_state", { sentence: "This endpoint is disabled. Enable it first." });
      const named = (input.messages ?? []).map(parseMessageId);
      const common = [tenantId, endpoint.id, unit.now];
      const { length } =
        input.since === undefined
          ? await unit.query(THESE, [...common, named.map((m) => m.batchId), named.map((m) => m.item)])
          : await unit.query(ALL_DEAD, [...common, new Date(input.since)]);
      unit.record({ target: { type: "webhook", id: endpoint.id, name: null }, details: { count: length } });
      return { count: length };
    });
  },
});
