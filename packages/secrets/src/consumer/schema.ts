import { z } from "zod";
import { nextCursor, pageInput } from "../input/page.ts";
import { actorRefSchema, displayName, moment, reason, versionNumber } from "../input/text.ts";
import { secretRef } from "../secret/schema.ts";
import { consumerKind } from "./kind.ts";
import { ACK_LEASE_SECONDS, MOST_ACK_LEASE_SECONDS } from "./lease.ts";

const oneOf = (input: { id?: unknown; name?: unknown }): boolean =>
  (input.id === undefined) !== (input.name === undefined);
const oneOfError = { error: "give either `id` or `name`", path: ["id"] };

const consumerName = displayName.describe(
  "What the token's maker called its holder; the token's own name otherwise.",
);

/** What a process calls itself: it counts, and identifies nobody. */
export const instanceName = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]{1,64}$/, { error: "is not 1 to 64 letters, digits or _.:-" });

/** Where a consumer stands: see `stateOf` in SQL (consumer/query.ts). */
const consumerState = z.enum(["never_seen", "gone", "behind", "current"]);

export const consumerView = z.object({
  name: z.string(),
  kind: consumerKind,
  state: consumerState.describe(
    "`current`: all its live instances use the current version; `behind`: some do not; `gone`: it has none; `never_seen`: it was declared, and has read nothing yet.",
  ),
  declaredAt: moment.nullable(),
  declaredBy: actorRefSchema.nullable(),
  firstReadAt: moment.nullable(),
  lastReadAt: moment.nullable(),
  lastVersion: z.int().nullable().describe("The version of its last read."),
  instances: z
    .int()
    .describe("How many of its instances are alive; all that name themselves by nothing count as one."),
  uses: z
    .array(
      z.object({
        version: z.int(),
        instances: z.int(),
        acknowledged: z.int().describe("How many of these said so; the others have only read it."),
      }),
    )
    .describe("What its live instances use, newest version first."),
});
export type ConsumerView = z.infer<typeof consumerView>;

export const declareConsumerInput = z
  .strictObject({ ...secretRef, consumer: consumerName, kind: consumerKind.default("other") })
  .refine(oneOf, oneOfError);
export const removeConsumerInput = z
  .strictObject({ ...secretRef, consumer: consumerName, reason: reason.optional() })
  .refine(oneOf, oneOfError);
export const removeConsumerOutput = z.object({ secretId: z.uuid(), consumer: z.string() });
export const listConsumersInput = z
  .strictObject({ ...secretRef, state: consumerState.optional().describe("Only these."), ...pageInput })
  .refine(oneOf, oneOfError);
export const listConsumersOutput = z.object({ consumers: z.array(consumerView), nextCursor });

export const blastRadiusInput = z
  .strictObject({
    ...secretRef,
    state: consumerState.optional().describe("Only these consumers; the sums stay."),
    ...pageInput,
  })
  .refine(oneOf, oneOfError);
export const blastRadiusOutput = z.object({
  secretId: z.uuid(),
  version: z.int().nullable().describe("The current version."),
  total: z.int().describe("How many consumers are known."),
  current: z.int(),
  behind: z.int(),
  gone: z.int(),
  neverSeen: z.int(),
  uses: z
    .array(z.object({ version: z.int(), consumers: z.int(), instances: z.int() }))
    .describe("What all live instances use, newest version first."),
  consumers: z.array(consumerView),
  nextCursor,
});

export const ackInput = z
  .strictObject({
    ...secretRef,
    version: versionNumber.describe("The version that the application uses now."),
    instance: instanceName
      .optional()
      .describe("Which process says so; the call's own, if it named one, when left out."),
    leaseSeconds: z
      .int()
      .min(0)
      .max(MOST_ACK_LEASE_SECONDS)
      .default(ACK_LEASE_SECONDS)
      .describe("How long it counts as alive, unless it says so again; 0: it stops now."),
  })
  .refine(oneOf, oneOfError);
export const ackOutput = z.object({
  secretId: z.uuid(),
  consumer: z.string(),
  instance: z.string().nullable(),
  version: z.int(),
  leaseUntil: moment,
  currentVersion: z
    .int()
    .nullable()
    .describe("Another one than was acknowledged: there is a newer value to take."),
});
