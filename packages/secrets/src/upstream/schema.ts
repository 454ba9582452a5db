import { z } from "zod";
import { nextCursor } from "../input/page.ts";
import { cursor } from "../input/text.ts";
import { inPlace } from "../secret/schema.ts";

export const compareInput = z.strictObject({
  ...inPlace,
  cursor: cursor.optional(),
  limit: z.int().min(1).max(50).default(50),
});
export const compareOutput = z.object({
  upstream: z.string().describe("The name of the upstream, as the operator gave it."),
  secrets: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      version: z.int(),
      state: z
        .enum(["same", "different", "absent", "unanswered"])
        .describe("Whether the upstream has the same value, another, none, or did not answer in time."),
    }),
  ),
  nextCursor,
});
