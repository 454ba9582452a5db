import { z } from "zod";
import { nextCursor, pageInput } from "../input/page.ts";
import {
  actorRefSchema,
  description,
  displayName,
  id,
  idempotencyKey,
  moment,
  placeRef,
  text,
} from "../input/text.ts";
import { messageId } from "../message/id.ts";
import { MESSAGE_KINDS, messageKind } from "../message/kinds.ts";
import { inTenant } from "../tenant/schema.ts";

/** Most endpoints of one tenant. */
export const MAX_ENDPOINTS = 50;
/** 24 hours in seconds: how long the signing secret before the current one signs too, where the call does not say. */
const DEFAULT_OVERLAP_SECONDS = 86_400;

const url = text(1, 2048).describe(
  "Where to post: https, unless the operator allows otherwise for its host.",
);
const wants = {
  kinds: z
    .array(messageKind)
    .min(1)
    .max(Object.keys(MESSAGE_KINDS).length)
    .nullable()
    .describe("Which kinds of messages; null: all, those that later releases add too."),
  projects: z
    .array(placeRef)
    .min(1)
    .max(100)
    .nullable()
    .describe("Only of these, by name or id; null: all in reach."),
  environments: z
    .array(placeRef)
    .min(1)
    .max(100)
    .nullable()
    .describe("Only of these: names (within exactly one project) or ids; null: all in reach."),
  prefix: text(1, 255).nullable().describe("Only secrets whose names start so; null: all."),
  consumer: displayName
    .nullable()
    .describe(
      "The endpoint is this consumer's: only secrets that it reads or was declared to read; null: all.",
    ),
};
const places = z.object({
  projects: z.array(z.uuid()).nullable(),
  environments: z.array(z.uuid()).nullable(),
});

export const endpointView = z.object({
  id: z.uuid(),
  url: z.string(),
  description: z.string(),
  kinds: z.array(z.string()).nullable(),
  projects: z.array(z.uuid()).nullable(),
  environments: z.array(z.uuid()).nullable(),
  prefix: z.string().nullable(),
  consumer: z.string().nullable(),
  scope: places
    .extend({ prefix: z.string().optional() })
    .describe("What whoever made it could see: it is told of nothing else, whatever it asks for."),
  state: z.enum(["enabled", "disabled", "expired"]),
  disabledAt: moment.nullable(),
  disabledReason: z.enum(["by_hand", "failing", "gone"]).nullable(),
  expiresAt: moment
    .nullable()
    .describe("When the token that vouches for it expires, and it with it; whoever updates it vouches anew."),
  previousSecretUntil: moment.nullable().describe("Until then the signing secret before this one signs too."),
  failingSince: moment.nullable(),
  failures: z.int().describe("Attempts that failed since the last one that did not."),
  lastSuccessAt: moment.nullable().describe("To the minute."),
  createdAt: moment,
  createdBy: actorRefSchema,
  updatedAt: moment,
});
export type EndpointView = z.infer<typeof endpointView>;

export const createWebhookInput = z.strictObject({
  ...inTenant,
  url,
  description: description.default(""),
  kinds: wants.kinds.default(null),
  projects: wants.projects.default(null),
  environments: wants.environments.default(null),
  prefix: wants.prefix.default(null),
  consumer: wants.consumer.default(null),
  idempotencyKey: idempotencyKey.optional(),
});
export const createWebhookOutput = z.object({
  endpoint: endpointView,
  secret: z
    .string()
    .nullable()
    .describe("What signs, `whsec_…`: shown this once; null when an idempotent call is replayed."),
});
export const listWebhooksInput = z.strictObject({ ...inTenant });
export const listWebhooksOutput = z.object({ endpoints: z.array(endpointView) });
export const updateWebhookInput = z.strictObject({
  ...inTenant,
  id,
  url: url.optional(),
  description: description.optional(),
  kinds: wants.kinds.optional(),
  projects: wants.projects.optional(),
  environments: wants.environments.optional(),
  prefix: wants.prefix.optional(),
  consumer: wants.consumer.optional(),
  enabled: z.boolean().optional().describe("False: nothing is sent, and what was waiting is given up."),
});
export const deleteWebhookInput = z.strictObject({ ...inTenant, id });
export const rotateWebhookSecretInput = z.strictObject({
  ...inTenant,
  id,
  overlapSeconds: z
    .int()
    .min(0)
    .max(7 * 86_400)
    .default(DEFAULT_OVERLAP_SECONDS)
    .describe("How long the old secret signs too, in seconds; 0 to 7 days."),
});
export const rotateWebhookSecretOutput = z.object({ endpoint: endpointView, secret: z.string() });
export const testWebhookInput = z.strictObject({ ...inTenant, id });
export const testWebhookOutput = z.object({
  message: z.string().describe("Its id, to find it in the deliveries."),
});

const deliveryState = z.enum(["waiting", "delivered", "dead"]);
const deliveryView = z.object({
  message: z.string().describe("The message's id: `webhook-id` of every attempt."),
  kind: z.string(),
  secretId: z.uuid().nullable(),
  name: z.string().nullable(),
  state: deliveryState,
  attempts: z.int(),
  nextAttemptAt: moment.nullable(),
  createdAt: moment.describe("When the change that it tells of was committed."),
  finishedAt: moment.nullable(),
  log: z.array(
    z.object({
      attempt: z.int(),
      at: moment,
      status: z.int().nullable().describe("What the receiver answered; null: nothing."),
      failure: z.string().nullable().describe("Why there was no answer, or none that counts."),
      ms: z.int(),
    }),
  ),
});
export const deliveriesInput = z.strictObject({
  ...inTenant,
  id,
  state: deliveryState.optional(),
  ...pageInput,
});
export const deliveriesOutput = z.object({ deliveries: z.array(deliveryView), nextCursor });
export const replayInput = z
  .strictObject({
    ...inTenant,
    id,
    messages: z.array(messageId).min(1).max(100).optional().describe("These, delivered ones too."),
    since: moment.optional().describe("All that were given up since then, up to 10 000."),
  })
  .refine((input) => (input.messages === undefined) !== (input.since === undefined), {
    error: "give either `messages` or `since`",
    path: ["messages"],
  });
export const replayOutput = z.object({ count: z.int().describe("How many will be sent again.") });
