import { z } from "zod";
import { nextCursor, pageInput } from "../input/page.ts";
import { actorRefSchema, id, idempotencyKey, moment, placeName, placeRef } from "../input/text.ts";
import { protection } from "../policy/policy.ts";
import { inTenant } from "../tenant/schema.ts";

export const environmentView = z.object({
  id: z.uuid(),
  projectId: z.uuid(),
  name: z.string(),
  protection: protection.nullable().describe("What takes two people here; null: nothing."),
  createdAt: moment,
  createdBy: actorRefSchema,
});
export type EnvironmentView = z.infer<typeof environmentView>;

export const createEnvironmentInput = z.strictObject({
  ...inTenant,
  project: placeRef.optional(),
  name: placeName,
  idempotencyKey: idempotencyKey.optional(),
});
export const listEnvironmentsInput = z.strictObject({
  ...inTenant,
  project: placeRef.optional(),
  ...pageInput,
});
export const listEnvironmentsOutput = z.object({ environments: z.array(environmentView), nextCursor });
export const renameEnvironmentInput = z.strictObject({ ...inTenant, environment: id, name: placeName });
export const protectEnvironmentInput = z.strictObject({
  ...inTenant,
  environment: id,
  protection: protection
    .nullable()
    .describe("`changes`: what people change takes two; `all`: what they reveal, too; null: nothing."),
});
export const deleteEnvironmentInput = z.strictObject({ ...inTenant, environment: id });
