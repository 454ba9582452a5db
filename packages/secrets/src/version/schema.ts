import { z } from "zod";
import { nextCursor, pageInput } from "../input/page.ts";
import {
  actorRefSchema,
  graceSeconds,
  id,
  idempotencyKey,
  moment,
  reason,
  versionNumber,
} from "../input/text.ts";
import { encoding, expectedVersion, value } from "../secret/schema.ts";
import { inTenant } from "../tenant/schema.ts";

export const versionView = z.object({
  secretId: z.uuid(),
  version: z.int(),
  state: z.enum(["pending", "current", "grace", "kept", "revoked", "destroyed"]),
  active: z.boolean().describe("Whether it is the current version."),
  opens: z.boolean().describe("Whether it can be revealed now: current, or in a grace that has not ended."),
  rotatedFrom: z.int().nullable(),
  reason: z.string().nullable(),
  createdAt: moment,
  createdBy: actorRefSchema,
  openUntil: moment.nullable().describe("When its grace ends."),
  held: z
    .boolean()
    .describe(
      "A held grace does not end by itself at `openUntil`, but once no live consumer is on it, or by hand.",
    ),
  setAt: moment
    .nullable()
    .describe(
      "When a pending version's value was set at its target; from then on it is not discarded by itself.",
    ),
  revokedAt: moment.nullable(),
  destroyedAt: moment.nullable(),
  endReason: z.string().nullable().describe("Why it was ended, in the words of who ended it."),
});
export type VersionView = z.infer<typeof versionView>;

const oneVersion = { ...inTenant, id: id.describe("The secret's id."), version: versionNumber };

export const listVersionsInput = z.strictObject({ ...inTenant, id, ...pageInput });
export const listVersionsOutput = z.object({ versions: z.array(versionView), nextCursor });
export const revealVersionInput = z.strictObject({ ...oneVersion });
const force = z
  .boolean()
  .default(false)
  .describe("Also where consumers still use it; else refused with in_use, which says how many and who.");
export const revokeVersionInput = z.strictObject({ ...oneVersion, reason, force });
export const destroyVersionInput = z.strictObject({ ...oneVersion, reason, force });
export const extendGraceInput = z.strictObject({
  ...oneVersion,
  seconds: z.int().min(1).max(7_776_000).describe("From now: up to 90 days, and later than it would end."),
  reason,
});
export const endGraceInput = z.strictObject({ ...oneVersion, reason, force });

export const prepareVersionInput = z.strictObject({
  ...inTenant,
  id: oneVersion.id,
  value,
  encoding: encoding.default("utf8"),
  reason: reason.optional(),
  expectedVersion,
  idempotencyKey: idempotencyKey.optional(),
});
export const finishVersionInput = z.strictObject({
  ...oneVersion,
  reason: reason.optional().describe("The one it was prepared with when left out."),
  graceSeconds: graceSeconds
    .optional()
    .describe("For the version that this one supersedes; the secret's own when left out."),
});
export const abandonVersionInput = z.strictObject({
  ...oneVersion,
  reason,
  force: z.boolean().default(false).describe("Also where its value was set at its target already."),
});
export const markSetInput = z.strictObject({ ...oneVersion });
