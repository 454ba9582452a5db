import { z } from "zod";
import { nextCursor, pageInput } from "../input/page.ts";
import { actorRefSchema, idempotencyKey, moment, placeName, placeRef } from "../input/text.ts";
import { inTenant } from "../tenant/schema.ts";

export const projectView = z.object({
  id: z.uuid(),
  name: z.string(),
  createdAt: moment,
  createdBy: actorRefSchema,
});
export type ProjectView = z.infer<typeof projectView>;

export const DEFAULT_ENVIRONMENTS = ["dev", "staging", "prod"] as const;

export const createProjectInput = z.strictObject({
  ...inTenant,
  name: placeName,
  environments: z
    .array(placeName)
    .max(50)
    .default([...DEFAULT_ENVIRONMENTS])
    .describe("The environments to make with it."),
  idempotencyKey: idempotencyKey.optional(),
});
export const listProjectsInput = z.strictObject({ ...inTenant, ...pageInput });
export const listProjectsOutput = z.object({ projects: z.array(projectView), nextCursor });
export const renameProjectInput = z.strictObject({ ...inTenant, project: placeRef, name: placeName });
export const deleteProjectInput = z.strictObject({ ...inTenant, project: placeRef });
