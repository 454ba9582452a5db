import { z } from "zod";
import { consumerKind } from "../consumer/kind.ts";
import { actorRefSchema, displayName, id, idempotencyKey, moment, text } from "../input/text.ts";
import { inTenant } from "../tenant/schema.ts";
import { ipRange } from "../token/ip-ranges.ts";
import { allowed } from "../token/schema.ts";
import { claimRules } from "./claims.ts";
import { publicJwks } from "./jwks.ts";

/** Most rules of one tenant. */
export const MAX_RULES = 100;

/** Where the issuer's public keys come from. */
export const keySource = z.discriminatedUnion("from", [
  z.strictObject({ from: z.literal("discovery") }),
  z.strictObject({ from: z.literal("url"), url: text(1, 2048) }),
  z.strictObject({ from: z.literal("given"), jwks: publicJwks }),
]);
export type KeySource = z.output<typeof keySource>;

export const ruleView = z.object({
  id: z.uuid(),
  name: z.string(),
  issuer: z.string(),
  audience: z.string(),
  keys: z.object({
    from: z.enum(["discovery", "url", "given"]),
    url: z.string().nullable(),
    kids: z.array(z.string()).nullable().describe("The ids of keys that were given."),
  }),
  claims: z.record(z.string(), z.array(z.string())),
  actions: z.array(z.string()),
  projects: z.array(z.uuid()).nullable(),
  environments: z.array(z.uuid()).nullable(),
  prefix: z.string().optional(),
  lifeSeconds: z.int(),
  ipRanges: z.array(z.string()).nullable(),
  consumer: z.object({ name: z.string(), kind: consumerKind }),
  expiresAt: moment.nullable(),
  createdAt: moment,
  createdBy: actorRefSchema,
});
export type RuleView = z.infer<typeof ruleView>;

export const createRuleInput = z.strictObject({
  ...inTenant,
  name: displayName,
  issuer: text(1, 2048)
    .refine((url) => /^https?:\/\/[^\s?#]+$/.test(url) && URL.canParse(url), {
      error: "is no issuer such as https://token.actions.githubusercontent.com",
    })
    .describe("The claim `iss` of its tokens, letter by letter."),
  audience: text(1, 1024).describe("What its tokens' claim `aud` must hold: choose one that is yours alone."),
  keys: keySource
    .default({ from: "discovery" })
    .describe(
      "Where the issuer's public keys come from: `discovery` (OpenID Connect Discovery), a JWKS at a `url`, or `given` here, for an issuer that cannot be reached.",
    ),
  claims: claimRules.describe(
    "What claims must be: patterns by claim, where * stands for any characters but / and :, and ** for any. All claims must fit.",
  ),
  ...allowed,
  lifeSeconds: z
    .int()
    .min(60)
    .max(3600)
    .default(900)
    .describe("How long the tokens live that it gives out; 15 minutes when left out."),
  expiresInSeconds: z
    .int()
    .min(1)
    .max(31_536_000 * 5)
    .nullable()
    .default(null)
    .describe("Seconds from now until the rule itself ends; null: never."),
  ipRanges: z.array(ipRange).min(1).max(32).nullable().default(null),
  consumerName: displayName
    .optional()
    .describe("What its workloads are called as consumers; the rule's name when left out."),
  consumerKind: consumerKind.optional().describe("`ci` when left out."),
  idempotencyKey: idempotencyKey.optional(),
});
export const listRulesInput = z.strictObject({ ...inTenant });
export const listRulesOutput = z.object({ rules: z.array(ruleView) });
export const deleteRuleInput = z.strictObject({ ...inTenant, id });

/** What a workload sends (RFC 8693, section 2.1, as far as it applies, and the tenant). */
export const exchangeInput = z.strictObject({
  tenant: text(1, 63).describe("The tenant's slug or id."),
  subjectToken: z.string().min(1).max(16_384),
  rule: text(1, 255).optional().describe("A rule's name or id; the oldest that fits when left out."),
});
export type ExchangeInput = z.output<typeof exchangeInput>;
