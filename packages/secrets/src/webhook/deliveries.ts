import { KeyfoldError } from "../error.ts";
import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor } from "../input/page.ts";
import { findBatch, formatMessageId, messageId, parseMessageId } from "../message/id.ts";
import { MESSAGE_COLUMNS, type MessageRow } from "../message/row.ts";
import { loadEndpoint } from "./rows.ts";
import { deliveriesInput, deliveriesOutput } from "./schema.ts";

interface Row extends MessageRow {
  item: number;
  state: "waiting" | "delivered" | "dead";
  attempts: number;
  due_at: Date;
  finished_at: Date | null;
  log: { attempt: number; at: string; status: number | null; failure: string | null; ms: number }[];
}

const SQL = `SELECT d.item, d.state, d.attempts, d.due_at, d.finished_at, d.log, ${MESSAGE_COLUMNS}
    FROM control_plane.webhook_deliveries d
    JOIN control_plane.tenant_messages m ON m.tenant_id = d.tenant_id AND m.batch = d.batch AND m.item = d.item
   WHERE d.tenant_id = $1::uuid AND d.endpoint_id = $2::uuid AND ($3::text IS NULL OR d.state = $3::text)
     AND ($4::bigint IS NULL OR (d.batch, d.item) < ($4::bigint, $5::int))
   ORDER BY d.batch DESC, d.item DESC LIMIT $6::int`;

/** What was sent to an endpoint, newest first: each message with its attempts. No bodies, neither ours nor theirs. */
export const listDeliveries = defineVerb({
  action: "webhook.deliveries",
  changes: false,
  summary: "List a webhook endpoint's deliveries and their attempts",
  input: deliveriesInput,
  output: deliveriesOutput,
  async run(call, input) {
    const cursor = decodeCursor(messageId, input.cursor);
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      const endpoint = await loadEndpoint(unit, input.id, false);
      const before = cursor === null ? null : parseMessageId(cursor);
      const batch = before === null ? null : await findBatch(unit.query, tenantId, before.batchId);
      if (before !== null && batch === null)
        throw new KeyfoldError("bad_input", {
          issues: [{ path: "cursor", message: "is not a cursor of this list" }],
        });
      const rows = await unit.query<Row>(SQL, [
        tenantId,
        endpoint.id,
        input.state ?? null,
        batch?.number ?? null,
        before?.item ?? null,
        input.limit + 1,
      ]);
      const page = rows.slice(0, input.limit);
      unit.record({
        target: { type: "webhook", id: endpoint.id, name: null },
        details: { count: page.length },
      });
      const last = page.at(-1);
      return {
        deliveries: page.map((row) => ({
          message: formatMessageId(row.m_batch_id, row.item),
          kind: row.m_kind,
          secretId: row.m_secret_id,
          name: row.m_name,
          state: row.state,
          attempts: row.attempts,
          nextAttemptAt: row.state === "waiting" ? row.due_at.toISOString() : null,
          createdAt: row.m_created_at.toISOString(),
          finishedAt: row.finished_at?.toISOString() ?? null,
          log: row.log,
        })),
        nextCursor:
          rows.length > page.length && last !== undefined
            ? encodeCursorOf(formatMessageId(last.m_batch_id, last.item))
            : null,
      };
    });
  },
});

const encodeCursorOf = (id: string): string => Buffer.from(JSON.stringify(id)).toString("base64url");
