import { z } from "zod";
import { nextCursor, pageInput } from "../input/page.ts";
import { actorRefSchema, id, idempotencyKey, moment, placeName, placeRef } from "../input/text.ts";
import { inTenant } from "../tenant/schema.ts";

export const environmentView = z.object({
  id: z.uuid(),
  projectId: z.uuid(),
  name: z.string(),
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
export const deleteEnvironmentInput = z.strictObject({ ...inTenant, environment: id });
