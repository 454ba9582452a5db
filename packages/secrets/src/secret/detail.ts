import { z } from "zod";
import { nextCursor } from "../input/page.ts";
import { rotationSummary } from "../rotation/policy/schema.ts";
import { secretView } from "./schema.ts";

/** A secret where it is read or listed: with when it is rotated next. */
export const secretDetail = secretView.extend({
  rotation: rotationSummary
    .nullable()
    .describe("When it is rotated, and by what; null: it has no policy, or is deleted."),
});
export type SecretDetail = z.infer<typeof secretDetail>;

export const listSecretsOutput = z.object({ secrets: z.array(secretDetail), nextCursor });
