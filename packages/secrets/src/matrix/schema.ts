import { z } from "zod";
import { nextCursor } from "../input/page.ts";
import { cursor, placeRef, reason, secretName, text } from "../input/text.ts";
import { expectedVersion, setSecretOutput } from "../secret/schema.ts";
import { inTenant } from "../tenant/schema.ts";

/** Most names in one page: a screen of ten thousand is ten calls. */
const MOST_NAMES = 1000;
/** Most secrets that one call promotes. */
const MOST_PROMOTED = 200;

export const matrixInput = z.strictObject({
  ...inTenant,
  project: placeRef.optional().describe("Name or id; the token's only one when left out, else `default`."),
  prefix: text(1, 255).optional().describe("Only names that start so."),
  cursor: cursor.optional(),
  limit: z.int().min(1).max(MOST_NAMES).default(200).describe("Names in a page."),
});

const matrixCell = z.object({
  id: z.uuid(),
  state: z.enum(["live", "empty"]),
  version: z.int().nullable().describe("The current version's number."),
  rotatedAt: z.string().nullable().describe("When the current version was made."),
  trouble: z
    .enum(["failed", "expired", "overdue", "due", "expiring"])
    .nullable()
    .describe("What its rotation policy says of it; `expiring`: the value ends within 30 days."),
  readable: z.boolean().describe("Whether the caller may read its value."),
  same: z
    .int()
    .nullable()
    .describe(
      "Cells of one row with the same number hold the same value. Null: the caller may not read it, or it cannot be told.",
    ),
});
export type MatrixCell = z.infer<typeof matrixCell>;

export const matrixOutput = z.object({
  project: z.object({ id: z.uuid(), name: z.string() }),
  environments: z
    .array(z.object({ id: z.uuid(), name: z.string() }))
    .describe("Those in the caller's reach: the columns."),
  rows: z.array(
    z.object({
      name: z.string(),
      tags: z.array(z.string()).describe("Of all its cells: `key`, or `key: value`."),
      consumers: z
        .array(z.string())
        .describe(
          "Who has read one of its cells, or was declared to, as far as the caller may see that: the 50 latest of each cell.",
        ),
      cells: z
        .array(matrixCell.nullable())
        .describe("One per environment, in their order; null: none is there."),
    }),
  ),
  nextCursor,
});

export const promoteInput = z
  .strictObject({
    ...inTenant,
    project: placeRef.optional().describe("Name or id; the token's only one when left out, else `default`."),
    from: placeRef.describe("The environment whose values are taken; its name or id."),
    to: placeRef.describe("The environment that gets them; its name or id."),
    items: z
      .array(
        z.strictObject({
          name: secretName,
          fromVersion: z
            .int()
            .min(1)
            .optional()
            .describe("Refused with version_mismatch unless this is current where it is taken from."),
          expectedVersion,
        }),
      )
      .min(1)
      .max(MOST_PROMOTED)
      .refine((items) => new Set(items.map((item) => item.name)).size === items.length, {
        error: "names a secret twice",
      }),
    reason: reason.optional(),
  })
  .refine(({ from, to }) => from !== to, { error: "is where the values come from", path: ["to"] });
export const promoteOutput = z.object({ results: z.array(setSecretOutput) });
