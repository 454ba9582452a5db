import { z } from "zod";
import { nextCursor, pageInput } from "../../input/page.ts";
import { actorRefSchema, displayName, id, moment } from "../../input/text.ts";
import { inTenant } from "../../tenant/schema.ts";
import { scheduleSchema } from "../schedule/schedule.ts";

export const ofSecret = { ...inTenant, id };

const kind = z.string().min(1).max(64);

export const setPolicyInput = z
  .strictObject({
    ...ofSecret,
    schedule: scheduleSchema
      .nullable()
      .default(null)
      .describe("When it shall be rotated; null: at no set time."),
    required: z.boolean().default(false).describe("Whether rotating in time is a rule, and not a habit."),
    rotator: z
      .strictObject({ kind, config: z.record(z.string(), z.unknown()).default({}) })
      .nullable()
      .default(null)
      .describe("What makes new values by itself; null: people do, and are reminded."),
    owner: displayName
      .nullable()
      .default(null)
      .describe("Who is reminded: a name or an address, for people."),
    expiresAt: moment
      .nullable()
      .default(null)
      .describe("When the value ends by itself, wherever it is from."),
  })
  .refine((policy) => !policy.required || policy.schedule !== null, {
    error: "a required rotation needs a schedule",
    path: ["schedule"],
  })
  .refine((policy) => (policy.schedule ?? policy.rotator ?? policy.expiresAt) !== null, {
    error: "give a schedule, a rotator or an expiry",
  });

export const getPolicyInput = z.strictObject(ofSecret);
export const removePolicyInput = z.strictObject(ofSecret);

export const policyView = z.object({
  secretId: z.uuid(),
  name: z.string(),
  schedule: scheduleSchema.nullable(),
  required: z.boolean(),
  rotator: z.object({ kind: z.string(), config: z.record(z.string(), z.unknown()) }).nullable(),
  owner: z.string().nullable(),
  expiresAt: moment.nullable(),
  expired: z.boolean(),
  lastRotatedAt: moment.nullable().describe("When the current value came; null: there is none."),
  nextRotationAt: moment.nullable(),
  due: z.boolean(),
  overdue: z.boolean().describe("Due for a day or longer."),
  setAt: moment,
  setBy: actorRefSchema,
});
export type PolicyView = z.infer<typeof policyView>;

/** What a secret says of its rotation where it is read or listed. */
export const rotationSummary = policyView
  .pick({ schedule: true, required: true, expiresAt: true, nextRotationAt: true, due: true, overdue: true })
  .extend({ rotator: z.string().nullable().describe("The kind of its rotator; null: people rotate it.") });
export type RotationSummary = z.infer<typeof rotationSummary>;

export const dueInput = z.strictObject({
  ...inTenant,
  ...pageInput,
  within: z
    .int()
    .min(0)
    .max(366)
    .default(0)
    .describe("Days ahead: 0 lists what is due now, 30 what will be within a month, too."),
});
export const dueOutput = z.object({
  due: z.array(
    policyView.omit({ rotator: true, schedule: true, setAt: true, setBy: true }).extend({
      project: z.object({ id: z.uuid(), name: z.string() }),
      environment: z.object({ id: z.uuid(), name: z.string() }),
      rotator: z.string().nullable().describe("The kind of its rotator; null: people rotate it."),
      state: z.enum(["coming", "due", "overdue", "failed", "running", "expiring", "expired"]),
    }),
  ),
  nextCursor,
});

export const overviewInput = z.strictObject({});
export const overviewOutput = z.object({
  tenants: z.array(
    z.object({
      tenant: z.uuid(),
      policies: z.int().describe("Secrets with a policy."),
      due: z.int().describe("Secrets that the scheduler should have begun to rotate."),
      running: z.int(),
      failed: z.int().describe("Rotations that wait for a person."),
    }),
  ),
});

export const rotatorsInput = z.strictObject({});
export const rotatorsOutput = z.object({
  rotators: z.array(
    z.object({
      kind: z.string(),
      title: z.string(),
      hasTarget: z.boolean().describe("Whether it sets the value somewhere, and not only makes it."),
      config: z.record(z.string(), z.unknown()).describe("JSON Schema of its settings."),
    }),
  ),
});
