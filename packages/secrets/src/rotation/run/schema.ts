import { ROTATOR_ERROR_CODES } from "@keyfold/rotators";
import { z } from "zod";
import { actorRefSchema, moment, reason } from "../../input/text.ts";
import { ofSecret } from "../policy/schema.ts";

/** Where a rotation stands: its four steps, the switch of readers between test and finish, and how it can end. */
const phaseSchema = z.enum([
  "make",
  "set",
  "test",
  "switch",
  "finish",
  "undo",
  "done",
  "failed",
  "abandoned",
]);

export const runNowInput = z.strictObject({ ...ofSecret, reason: reason.optional() });
export const rotationStatusInput = z.strictObject(ofSecret);
export const retryRotationInput = z.strictObject({ ...ofSecret, reason });
export const abandonRotationInput = z.strictObject({
  ...ofSecret,
  reason,
  force: z
    .boolean()
    .default(false)
    .describe("Also where the target may hold the new value: whoever asks has seen to the target."),
});

const problemCode = z.enum([...ROTATOR_ERROR_CODES, "superseded", "unknown_rotator"]);

export const rotationView = z.object({
  id: z.uuid(),
  secretId: z.uuid(),
  kind: z.string().describe("The rotator."),
  version: z.int().nullable().describe("The version that it makes."),
  phase: phaseSchema,
  cause: problemCode.nullable().describe("Why it was undone, or has failed."),
  problem: problemCode.nullable().describe("What stood in its way last."),
  targetCode: z.string().nullable().describe("What the target called it: a SQLSTATE, an HTTP status."),
  sentence: z.string().nullable().describe("The problem in words."),
  attempts: z.int().describe("How often its present phase was tried in vain."),
  nextTryAt: moment.nullable(),
  reason: z.string().nullable(),
  startedBy: actorRefSchema,
  startedAt: moment,
  updatedAt: moment,
  finishedAt: moment.nullable(),
});
export type RotationView = z.infer<typeof rotationView>;
