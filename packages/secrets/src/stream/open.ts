import { z } from "zod";
import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { findBatch, parseMessageId } from "../message/id.ts";
import { streamInput } from "./schema.ts";

/** As long as messages are kept: see job/clean/messages.ts. A day less, so that nothing is swept from under a reader. */
const KEPT_MS = 29 * 86_400_000;

/** A place past all messages of a batch. */
const END_OF_BATCH = 9_999;

/** Where a stream begins: what of opening one is authorized, judged and audited like any read of metadata. */
export const openStream = defineVerb({
  action: "event.stream",
  changes: false,
  summary: "Stream what changes",
  input: streamInput,
  output: z.object({
    tenantId: z.string(),
    batch: z.string(),
    batchId: z.string(),
    item: z.int(),
    reset: z.boolean(),
  }),
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return lookSql(call, tenantId, async (unit) => {
      unit.record({ target: null, details: { resumed: input.lastEventId != null } });
      const asked = input.lastEventId == null ? null : parseMessageId(input.lastEventId);
      if (asked !== null) {
        const known = await findBatch(unit.query, tenantId, asked.batchId);
        // A batch that this chain does not have: another tenant's, or lost in a restore. Too old a one: swept.
        if (known !== null && unit.now.getTime() - known.createdAt.getTime() < KEPT_MS)
          return { tenantId, batch: known.number, ...asked, reset: false };
      }
      const [head] = await unit.query<{ number: string; batch_id: string }>(
        `SELECT number, batch_id FROM control_plane.audit_batches
          WHERE chain_id = control_plane.chain_of($1::uuid) ORDER BY number DESC LIMIT 1`,
        [tenantId],
      );
      return {
        tenantId,
        batch: String(head?.number ?? 0),
        batchId: head?.batch_id ?? "00000000-0000-0000-0000-000000000000",
        item: END_OF_BATCH,
        reset: asked !== null,
      };
    });
  },
});
