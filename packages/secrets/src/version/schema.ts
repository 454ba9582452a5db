import { z } from "zod";
import { nextCursor, pageInput } from "../input/page.ts";
import { actorRefSchema, id, moment, reason, versionNumber } from "../input/text.ts";
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
  openUntil: moment.nullable(),
  revokedAt: moment.nullable(),
  destroyedAt: moment.nullable(),
});
export type VersionView = z.infer<typeof versionView>;

const oneVersion = { ...inTenant, id: id.describe("The secret's id."), version: versionNumber };

export const listVersionsInput = z.strictObject({ ...inTenant, id, ...pageInput });
export const listVersionsOutput = z.object({ versions: z.array(versionView), nextCursor });
export const revealVersionInput = z.strictObject({ ...oneVersion });
export const revokeVersionInput = z.strictObject({ ...oneVersion, reason });
export const destroyVersionInput = z.strictObject({ ...oneVersion, reason });
