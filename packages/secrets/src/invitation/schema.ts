import { z } from "zod";
import { nextCursor, pageInput } from "../input/page.ts";
import { actorRefSchema, id, moment } from "../input/text.ts";
import { storedGrant } from "../member/grant.ts";
import { grantsInput } from "../member/schema.ts";
import { email } from "../person/schema.ts";
import { inTenant } from "../tenant/schema.ts";

export const invitationView = z.object({
  id: z.uuid(),
  email: z.string(),
  grants: z.array(storedGrant),
  expiresAt: moment,
  createdAt: moment,
  createdBy: actorRefSchema,
});
export type InvitationView = z.infer<typeof invitationView>;

export const createInvitationInput = z.strictObject({
  ...inTenant,
  email: email.meta({ type: "string", maxLength: 254 }),
  grants: grantsInput,
});
export const createInvitationOutput = z.object({
  invitation: invitationView,
  secret: z
    .string()
    .describe("What the link ends in, behind https://your-keyfold.example/welcome#. Shown this once."),
});
export const listInvitationsInput = z.strictObject({ ...inTenant, ...pageInput });
export const listInvitationsOutput = z.object({ invitations: z.array(invitationView), nextCursor });
export const cancelInvitationInput = z.strictObject({ ...inTenant, id });
