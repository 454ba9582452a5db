import { z } from "zod";
import { ROLE_NAMES } from "../access/roles.ts";
import { nextCursor, pageInput } from "../input/page.ts";
import { actorRefSchema, description, displayName, id, isUuid, moment } from "../input/text.ts";
import { inTenant } from "../tenant/schema.ts";
import { roleActions } from "./rows.ts";

/** A role of a tenant's own must not pass for one of ours, nor for another one's id. */
const roleName = displayName
  .refine(
    (name) =>
      !(ROLE_NAMES as readonly string[]).includes(name.toLowerCase()) && name.toLowerCase() !== "operator",
    {
      error: "is the name of a role that there is in every tenant",
    },
  )
  .refine((name) => !isUuid(name), { error: "looks like an id" });

export const roleView = z.object({
  id: z.uuid(),
  name: z.string(),
  summary: z.string(),
  actions: z.array(z.string()),
  createdAt: moment,
  createdBy: actorRefSchema,
  updatedAt: moment,
});
export type RoleView = z.infer<typeof roleView>;

export const listRolesInput = z.strictObject({ ...inTenant, ...pageInput });
export const listRolesOutput = z.object({
  ours: z
    .array(z.object({ name: z.string(), summary: z.string(), actions: z.array(z.string()) }))
    .describe("The roles that every tenant has."),
  roles: z.array(roleView),
  nextCursor,
});
export const createRoleInput = z.strictObject({
  ...inTenant,
  name: roleName,
  summary: description.default(""),
  actions: roleActions,
});
export const changeRoleInput = z.strictObject({
  ...inTenant,
  id,
  name: roleName.optional(),
  summary: description.optional(),
  actions: roleActions.optional(),
});
export const deleteRoleInput = z.strictObject({ ...inTenant, id });
