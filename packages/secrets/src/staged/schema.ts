import { z } from "zod";
import { idempotencyKey, reason, secretName } from "../input/text.ts";
import {
  encoding,
  expectedVersion,
  inPlace,
  MAX_BULK_ITEMS,
  secretView,
  setSecretOutput,
  value,
} from "../secret/schema.ts";

const newValue = { value, encoding: encoding.default("utf8") };
const once = (names: readonly string[]): boolean => new Set(names).size === names.length;
const twice = { error: "names a secret twice" };

export const saveInput = z
  .strictObject({
    ...inPlace,
    set: z
      .array(z.strictObject({ name: secretName, ...newValue, expectedVersion }))
      .max(MAX_BULK_ITEMS)
      .default([])
      .describe("Made, or given a new version; what has this very value stays as it is."),
    remove: z
      .array(
        z.strictObject({
          name: secretName,
          expectedVersion,
          force: z
            .boolean()
            .default(false)
            .describe("Also where consumers still read it; else refused with in_use. Wants a reason."),
        }),
      )
      .max(MAX_BULK_ITEMS)
      .default([])
      .describe("Deleted, and restorable for 30 days."),
    reason: reason.optional(),
    idempotencyKey: idempotencyKey.optional(),
  })
  .refine(({ set, remove }) => set.length + remove.length > 0, { error: "holds no change", path: ["set"] })
  .refine(({ set, remove }) => set.length + remove.length <= MAX_BULK_ITEMS, {
    error: `holds more than ${MAX_BULK_ITEMS} changes`,
    path: ["remove"],
  })
  .refine(({ set, remove }) => once([...set, ...remove].map(({ name }) => name)), {
    ...twice,
    path: ["remove"],
  })
  .refine(({ remove, reason: why }) => why !== undefined || !remove.some(({ force }) => force), {
    error: "is needed with `force`",
    path: ["reason"],
  });
export const saveOutput = z.object({ set: z.array(setSecretOutput), removed: z.array(secretView) });

export const checkInput = z.strictObject({
  ...inPlace,
  items: z
    .array(z.strictObject({ name: secretName, ...newValue }))
    .min(1)
    .max(MAX_BULK_ITEMS),
});
export const checkOutput = z.object({
  items: z
    .array(
      z.object({
        name: z.string(),
        unchanged: z.boolean().describe("The secret of this name has this very value."),
        equals: z
          .array(z.object({ id: z.uuid(), name: z.string(), project: z.string(), environment: z.string() }))
          .describe("Other secrets with this value, up to five."),
      }),
    )
    .describe("In the order that they were asked for; only of secrets whose values the caller may read."),
});
