import { z } from "zod";
import { nextCursor, pageInput } from "../input/page.ts";
import { actorRefSchema, id, moment, reason, secretName } from "../input/text.ts";
import { inPlace } from "../secret/schema.ts";
import { inTenant } from "../tenant/schema.ts";

export const approvalView = z.object({
  id: z.uuid(),
  kind: z.enum(["change", "reveal", "break_glass"]),
  projectId: z.uuid(),
  environmentId: z.uuid(),
  name: z.string().nullable().describe("The secret's name; null: the environment itself."),
  reason: z.string(),
  requestedBy: actorRefSchema,
  requestedAt: moment,
  state: z.enum(["requested", "approved", "refused", "expired"]),
  decidedBy: actorRefSchema.nullable(),
  decidedAt: moment.nullable(),
  decisionReason: z.string().nullable().describe("What was said with the decision; null: nothing."),
  expiresAt: moment.describe("Until when it can be approved, and, once it was, be made use of."),
});
export type ApprovalView = z.infer<typeof approvalView>;

export const requestApprovalInput = z.strictObject({
  ...inPlace,
  id: id
    .optional()
    .describe("A secret, by id; or by name, whether or not there is one yet; or neither: the place itself."),
  name: secretName.optional(),
  kind: z.enum(["change", "reveal"]),
  reason,
});
export const breakGlassInput = z.strictObject({ ...inTenant, id, reason });
export const listApprovalsInput = z.strictObject({
  ...inTenant,
  state: z.enum(["requested"]).optional().describe("Only those that wait to be decided."),
  ...pageInput,
});
export const listApprovalsOutput = z.object({ approvals: z.array(approvalView), nextCursor });
export const decideApprovalInput = z.strictObject({
  ...inTenant,
  id,
  approve: z.boolean(),
  reason: reason.optional(),
});
