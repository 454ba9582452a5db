import { z } from "zod";
import { namePrefix } from "../access/scope.ts";
import { nextCursor, pageInput } from "../input/page.ts";
import { actorRefSchema, displayName, id, moment, placeRef } from "../input/text.ts";
import { inTenant } from "../tenant/schema.ts";
import { storedGrant } from "./grant.ts";

const places = z.array(placeRef).min(1).max(100).nullable().default(null);

const grantInput = z.strictObject({
  role: z
    .union([id, displayName])
    .describe("owner, admin, developer, viewer or auditor; or one of the tenant's own, by name or id."),
  projects: places.describe("Names or ids; null: all."),
  environments: places.describe("Names (within exactly one project) or ids; null: all."),
  prefix: namePrefix.nullable().default(null).describe("Only secrets whose names begin so; null: all."),
  expiresAt: moment.nullable().default(null).describe("When this ends by itself; null: never."),
});
export type GrantInput = z.output<typeof grantInput>;
export const grantsInput = z.array(grantInput).min(1).max(50);

export const memberView = z.object({
  personId: z.uuid(),
  name: z.string(),
  grants: z.array(storedGrant),
  createdAt: moment,
  createdBy: actorRefSchema,
  updatedAt: moment,
});
export type MemberView = z.infer<typeof memberView>;

export const listMembersInput = z.strictObject({ ...inTenant, ...pageInput });
export const listMembersOutput = z.object({ members: z.array(memberView), nextCursor });
export const getMemberInput = z.strictObject({ ...inTenant, personId: id });
export const addMemberInput = z.strictObject({
  ...inTenant,
  personId: id,
  name: displayName.describe("What the tenant calls them."),
  grants: grantsInput,
});
export const changeMemberInput = z.strictObject({
  ...inTenant,
  personId: id,
  name: displayName.optional(),
  grants: grantsInput.optional(),
});
export const removeMemberInput = z.strictObject({ ...inTenant, personId: id });
