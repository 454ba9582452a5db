import { z } from "zod";
import { nextCursor, pageInput } from "../input/page.ts";
import { cursor, id, moment, text } from "../input/text.ts";
import { inTenant } from "../tenant/schema.ts";

const auditEventView = z.object({
  seq: z.int().describe("Its place in the chain: the order of events."),
  time: moment,
  action: z.string(),
  outcome: z.enum(["success", "not_found", "denied", "decryption_failed", "error"]),
  actor: z.object({
    type: z.string(),
    id: z.string().nullable(),
    name: z.string().nullable(),
    via: z.string().nullable(),
  }),
  target: z
    .object({
      type: z.string(),
      id: z.string().nullable(),
      name: z.string().nullable(),
      version: z.int().nullable(),
    })
    .nullable(),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  correlationId: z.string(),
  reason: z.string().nullable(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type AuditEventView = z.infer<typeof auditEventView>;

export const exportAuditInput = z.strictObject({
  ...inTenant,
  deployment: z
    .boolean()
    .default(false)
    .describe("The deployment's own chain instead of a tenant's; operators only."),
  since: text(1, 4_096)
    .optional()
    .describe(
      "The signed note of a checkpoint that was kept: the export shows that the log of checkpoints has only grown since. The log's first one, where left out.",
    ),
  cursor: cursor.optional(),
});
export const exportAuditOutput = z.object({
  lines: z
    .array(z.string())
    .describe("Lines of a file that `keyfold audit verify` takes, without their ends."),
  nextCursor,
});

export const pruneAuditInput = z.strictObject({
  ...inTenant,
  deployment: z
    .boolean()
    .default(false)
    .describe("The deployment's own chain instead of a tenant's; operators only."),
  checkpoint: text(1, 65_536).describe(
    "The line of an export that holds its checkpoint, its second one: what it covers is what can go.",
  ),
  olderThanDays: z
    .int()
    .min(30)
    .max(36_500)
    .default(365)
    .describe("Only events older than this go, by the database's clock; 30 at least."),
});
export const pruneAuditOutput = z.object({
  batches: z.int().describe("How many batches lost their events in this call."),
  more: z.boolean().describe("Whether the same call again takes more."),
});

export const listAuditInput = z.strictObject({
  ...inTenant,
  deployment: z
    .boolean()
    .default(false)
    .describe("The deployment's own chain instead of a tenant's; operators only."),
  action: text(1, 100).optional().describe('An action such as "secret.rotated", or a noun such as "secret".'),
  outcome: z.enum(["success", "not_found", "denied", "decryption_failed", "error"]).optional(),
  actor: id.optional(),
  target: id.optional(),
  since: moment.optional(),
  until: moment.optional(),
  ...pageInput,
});
export const listAuditOutput = z.object({ events: z.array(auditEventView), nextCursor });

export const countAuditInput = z.strictObject({
  ...inTenant,
  since: moment.describe("From when on; an hour or a day that has begun counts from here."),
  until: moment.optional().describe("Until when; left out: now."),
  by: z.enum(["hour", "day"]).default("day").describe("Hours, or days of UTC: 1,000 at most."),
  cursor: cursor.optional(),
});
export const countAuditOutput = z.object({
  countedFrom: moment.describe(
    "From when on everything is counted: later than `since` where there is too much for one call, or where events were pruned.",
  ),
  until: moment,
  nextCursor: nextCursor.describe("Counts what came before, to be added to this; null: there is no more."),
  spans: z
    .array(
      z.object({
        from: moment.describe("When this hour or day begins."),
        events: z.int().describe("All that happened in it."),
        reads: z.int().describe("Values that were read."),
        refused: z.int().describe("What was denied, or answered with not_found."),
        failed: z.int().describe("What could not be decrypted, or ended in an error."),
      }),
    )
    .describe("Every hour or day, oldest first, also those in which nothing happened."),
});
