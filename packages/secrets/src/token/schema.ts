import { z } from "zod";
import { type Action, PRESETS, SERVICE_ACTIONS } from "../access/actions.ts";
import { namePrefix } from "../access/scope.ts";
import { consumerKind } from "../consumer/kind.ts";
import { nextCursor, pageInput } from "../input/page.ts";
import { actorRefSchema, displayName, id, idempotencyKey, moment, placeRef } from "../input/text.ts";
import { inTenant } from "../tenant/schema.ts";
import { ipRange } from "./ip-ranges.ts";

export const tokenView = z.object({
  id: z.uuid(),
  name: z.string(),
  hint: z.string().describe("The token's last four characters, to tell it from others."),
  actions: z.array(z.string()),
  projects: z.array(z.uuid()).nullable(),
  environments: z.array(z.uuid()).nullable(),
  prefix: z.string().nullable().describe("Only secrets whose names begin so; null: all."),
  consumer: z
    .object({ name: z.string(), kind: consumerKind })
    .describe("What its holder is called where it reads secrets."),
  ipRanges: z.array(z.string()).nullable().describe("Where its calls must come from; null: anywhere."),
  rotatedFrom: z.uuid().nullable().describe("The token that it replaces."),
  lastUsedAt: moment
    .nullable()
    .describe("Its last call that was let in, known some seconds later; null: none that is known."),
  lastUsedIp: z.string().nullable(),
  expiresAt: moment.nullable(),
  revokedAt: moment.nullable(),
  createdAt: moment,
  createdBy: actorRefSchema,
});
export type TokenView = z.infer<typeof tokenView>;

const ipRanges = z
  .array(ipRange)
  .min(1)
  .max(32)
  .nullable()
  .default(null)
  .describe("Addresses or CIDR ranges that its calls must come from, 32 at most; null: anywhere.");

const preset = z.enum(Object.keys(PRESETS) as [keyof typeof PRESETS]);

/** What a token, or whatever gives out tokens, allows, and where. */
export const allowed = {
  preset: preset
    .optional()
    .describe("A ready set of actions; `reader` when neither this nor `actions` is given."),
  actions: z
    .array(z.enum(SERVICE_ACTIONS as [Action, ...Action[]]))
    .min(1)
    .optional(),
  projects: z.array(placeRef).min(1).max(100).nullable().default(null).describe("Names or ids; null: all."),
  environments: z
    .array(placeRef)
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .describe("Names (within exactly one project) or ids; null: all."),
  prefix: namePrefix.optional().describe("Only secrets whose names begin so; left out: all."),
};

export const createTokenInput = z.strictObject({
  ...inTenant,
  name: displayName,
  ...allowed,
  expiresInSeconds: z
    .int()
    .min(1)
    .max(31_536_000 * 5)
    .nullable()
    .default(null)
    .describe("Seconds from now; null: never."),
  ipRanges,
  consumerName: displayName
    .optional()
    .describe("What its holder is called as a consumer of secrets; the token's name when left out."),
  consumerKind: consumerKind
    .optional()
    .describe("What kind of workload its holder is; `other` when left out."),
  idempotencyKey: idempotencyKey.optional(),
});
export const createTokenOutput = z.object({
  token: z.string().nullable().describe("Shown this once; null when an idempotent call is replayed."),
  details: tokenView,
});
export const rotateTokenInput = z.strictObject({
  ...inTenant,
  id,
  overlapSeconds: z
    .int()
    .min(0)
    .max(90 * 86_400)
    .default(86_400)
    .describe("How long the old token goes on; 0: it ends now. A day when left out."),
  expiresInSeconds: z
    .int()
    .min(1)
    .max(31_536_000 * 5)
    .nullable()
    .optional()
    .describe("Seconds from now until the new token ends; null: never. The old one's own end when left out."),
  idempotencyKey: idempotencyKey.optional(),
});
export const listTokensInput = z.strictObject({ ...inTenant, ...pageInput });
export const listTokensOutput = z.object({ tokens: z.array(tokenView), nextCursor });
export const revokeTokenInput = z.strictObject({ ...inTenant, id });
