import { z } from "zod";
import { secretValue } from "../flow/open-answer.ts";
import { pageInput } from "../input/page.ts";
import {
  actorRefSchema,
  description,
  graceSeconds,
  id,
  idempotencyKey,
  moment,
  placeRef,
  reason,
  secretName,
  tags,
  text,
  versionNumber,
} from "../input/text.ts";
import { GivenValue } from "../input/value.ts";
import { algorithm } from "../key/suite/algorithm.ts";
import { accessPolicy } from "../policy/policy.ts";
import { inTenant } from "../tenant/schema.ts";

/** Most items in one bulk call. */
export const MAX_BULK_ITEMS = 500;

export const encoding = z
  .enum(["utf8", "base64"])
  .describe("How `value` is written: as text, or as base64 of any bytes.");
/** A value as it comes in. Its size in bytes is bounded by the deployment (1 MiB by default), where it is decoded. */
export const value = z
  .string()
  .meta({ minLength: 1 })
  .transform((text) => new GivenValue(text));

/** Where a secret stands when a call names it: the token's only project and environment, else `default` and `dev`. */
export const inPlace = {
  ...inTenant,
  project: placeRef.optional().describe("Name or id; the token's only one when left out, else `default`."),
  environment: placeRef.optional().describe("Name or id; the token's only one when left out, else `dev`."),
};

/** A secret: by id, or by name in its place. */
export const secretRef = { ...inPlace, id: id.optional(), name: secretName.optional() };
const oneOf = (input: { id?: unknown; name?: unknown }): boolean =>
  (input.id === undefined) !== (input.name === undefined);
const oneOfError = { error: "give either `id` or `name`", path: ["id"] };

export const expectedVersion = z
  .int()
  .min(0)
  .optional()
  .describe(
    "Refused with version_mismatch unless the current version has this number; 0: there must be none.",
  );

/** How a grace ends: at its deadline; sooner, once every live consumer has moved; or not before every one has. */
export const gracePolicy = z.enum(["time", "acknowledgement", "hold"]);
export type GracePolicy = z.infer<typeof gracePolicy>;
const keepVersions = z
  .int()
  .min(0)
  .max(100)
  .describe(
    "How many versions whose grace has ended stay sealed, to be rolled back to; the others are destroyed.",
  );
export const secretView = z.object({
  id: z.uuid(),
  name: z.string(),
  project: z.object({ id: z.uuid(), name: z.string() }),
  environment: z.object({ id: z.uuid(), name: z.string() }),
  description: z.string(),
  tags: z.record(z.string(), z.string()),
  state: z.enum(["live", "empty", "deleted"]),
  version: z.int().nullable().describe("The current version's number."),
  graceSeconds: z
    .int()
    .nullable()
    .describe("Seconds that a superseded version still opens; null: the tenant's or deployment's default."),
  gracePolicy: gracePolicy.describe(
    "How a grace ends: `time`, at its deadline; `acknowledgement`, as soon as every live consumer has moved, at the latest at its deadline; `hold`, not before every live consumer has moved.",
  ),
  keepVersions: z.int().describe("How many ended versions stay sealed, to be rolled back to."),
  algorithm: algorithm.nullable().describe("What wraps the key over its values; null: its tenant's."),
  accessPolicy: accessPolicy.nullable().describe("Who gets at it besides what roles and scopes say."),
  generation: z.int().describe("Grows with every change of this secret."),
  createdAt: moment,
  createdBy: actorRefSchema,
  updatedAt: moment,
  lastRotatedAt: moment.nullable(),
  lastRotatedBy: actorRefSchema.nullable(),
  deletedAt: moment.nullable(),
  purgeAfter: moment.nullable(),
});
export type SecretView = z.infer<typeof secretView>;

const metadata = {
  description: description.optional(),
  tags: tags.optional(),
  graceSeconds: graceSeconds.nullable().optional(),
  gracePolicy: gracePolicy.optional(),
  keepVersions: keepVersions.optional(),
  algorithm: algorithm
    .nullable()
    .optional()
    .describe(
      "What wraps the key over its values; null: its tenant's. `hybrid-quantum` takes a hybrid seed.",
    ),
};
const newValue = { value, encoding: encoding.default("utf8") };

export const createSecretInput = z.strictObject({
  ...inPlace,
  name: secretName,
  ...newValue,
  ...metadata,
  reason: reason.optional(),
  idempotencyKey: idempotencyKey.optional(),
});
export const setSecretInput = z.strictObject({
  ...inPlace,
  name: secretName,
  ...newValue,
  reason: reason.optional(),
  expectedVersion,
  idempotencyKey: idempotencyKey.optional(),
});
export const setSecretOutput = z.object({
  secret: secretView,
  changed: z.boolean().describe("False: this value is current already, and nothing was changed."),
  rotatedFrom: z
    .int()
    .nullable()
    .describe("The version that was current before this one; null: there was none."),
});
export const getSecretInput = z.strictObject({ ...secretRef }).refine(oneOf, oneOfError);
export const listSecretsInput = z.strictObject({
  ...inTenant,
  project: placeRef.optional().describe("Only this project's."),
  environment: placeRef.optional().describe("Only this environment's."),
  prefix: text(1, 255).optional().describe("Only names that start so."),
  state: z
    .enum(["live", "empty", "deleted"])
    .optional()
    .describe("Only these; left out: all but deleted ones."),
  ...pageInput,
});
export const setAccessPolicyInput = z.strictObject({
  ...inTenant,
  id,
  policy: accessPolicy.nullable().describe("The whole policy; null: none."),
  expectedGeneration: z
    .int()
    .optional()
    .describe("Refused with version_mismatch unless the secret's generation is this."),
});
export const updateSecretInput = z
  .strictObject({
    ...secretRef,
    ...metadata,
    rename: secretName.optional().describe("A new name."),
    expectedGeneration: z
      .int()
      .optional()
      .describe("Refused with version_mismatch unless the secret's generation is this."),
  })
  .refine(oneOf, oneOfError);
export const rotateSecretInput = z
  .strictObject({
    ...secretRef,
    ...newValue,
    reason: reason.optional(),
    graceSeconds: graceSeconds
      .optional()
      .describe("For the version that this one supersedes; the secret's own when left out."),
    expectedVersion,
    idempotencyKey: idempotencyKey.optional(),
  })
  .refine(oneOf, oneOfError);
export const rollBackSecretInput = z
  .strictObject({
    ...secretRef,
    to: versionNumber.describe("The version whose value becomes current again."),
    reason: reason.optional(),
    expectedVersion,
  })
  .refine(oneOf, oneOfError);
export const deleteSecretInput = z
  .strictObject({
    ...secretRef,
    reason: reason.optional(),
    expectedVersion,
    force: z
      .boolean()
      .default(false)
      .describe("Also where consumers still read it; else refused with in_use. Wants a reason."),
  })
  .refine(oneOf, oneOfError)
  .refine((input) => !input.force || input.reason !== undefined, {
    error: "is needed with `force`",
    path: ["reason"],
  });
export const purgeSecretInput = z.strictObject({
  ...inTenant,
  id: id.describe("A deleted secret's id: its name is free already."),
  confirm: secretName.describe("The name it had, typed out: this cannot be undone."),
  reason,
});
export const purgeSecretOutput = z.object({ id: z.uuid(), versions: z.int().describe("How many it had.") });
export const restoreSecretInput = z.strictObject({
  ...inTenant,
  id,
  name: secretName.optional().describe("A new name, where the old one is taken again."),
});

export const revealSecretInput = z.strictObject({ ...secretRef }).refine(oneOf, oneOfError);
export const revealedView = z.object({
  id: z.uuid(),
  name: z.string(),
  version: z.int(),
  encoding,
  value: secretValue,
  createdAt: moment.describe("When this version was made."),
  openUntil: moment.nullable().describe("When this version stops opening, if it is in grace."),
  upstream: z
    .string()
    .optional()
    .describe(
      "The upstream that this value came from, where it is not kept here: then its version is 0, and its id is all zeros.",
    ),
});
export type RevealedView = z.infer<typeof revealedView>;

export const bulkGetInput = z.strictObject({
  ...inPlace,
  names: z.array(secretName).min(1).max(MAX_BULK_ITEMS),
});
export const bulkGetOutput = z.object({ secrets: z.array(revealedView) });
export const bulkSetInput = z.strictObject({
  ...inPlace,
  items: z
    .array(z.strictObject({ name: secretName, ...newValue, expectedVersion }))
    .min(1)
    .max(MAX_BULK_ITEMS)
    .refine((items) => new Set(items.map((item) => item.name)).size === items.length, {
      error: "names a secret twice",
    }),
  reason: reason.optional(),
  idempotencyKey: idempotencyKey.optional(),
});
export const bulkSetOutput = z.object({ results: z.array(setSecretOutput) });
