import { z } from "zod";
import { actorRefSchema, id, moment, reason, slug } from "../input/text.ts";
import { inTenant } from "../tenant/schema.ts";

export const shredView = z.object({
  id: z.uuid(),
  tenant: z.uuid().describe("The tenant's id: its slug is free again once its keys are gone."),
  slug: z.string(),
  state: z
    .enum(["requested", "waiting", "erasing", "shredded", "cancelled"])
    .describe(
      "`requested`: the other side has yet to agree. `waiting`: both agreed, and the wait runs until `dueAt`. `erasing`: the keys are destroyed. `shredded`: done, with a receipt.",
    ),
  reason: z.string(),
  waitSeconds: z.int(),
  requestedBy: actorRefSchema,
  requestedAt: moment,
  agreedBy: actorRefSchema.nullable(),
  agreedAt: moment.nullable(),
  dueAt: moment.nullable().describe("When the wait ends, by the database's clock."),
  cancelledBy: actorRefSchema.nullable(),
  cancelledAt: moment.nullable(),
  destroyedAt: moment.nullable().describe("When its keys were destroyed."),
  finishedAt: moment.nullable(),
});
export type ShredView = z.infer<typeof shredView>;

const confirm = slug.describe("The tenant's slug, typed out: this cannot be undone.");

export const requestShredInput = z.strictObject({ ...inTenant, confirm, reason });
export const agreeShredInput = z.strictObject({ ...inTenant, confirm });
export const cancelShredInput = z.strictObject({ ...inTenant, reason });
export const shredStatusInput = z.strictObject({ ...inTenant });

export const shredReceiptInput = z.strictObject({
  tenant: id.describe("The tenant's id: its slug is free already."),
});
export const shredReceiptOutput = z.object({
  receipt: z.string().describe("A signed note (c2sp.org/signed-note): keep it exactly as it is."),
  publicKey: z.string().describe("What it verifies with today: compare it with a copy from elsewhere."),
});

export const runShredsInput = z.strictObject({});
export const runShredsOutput = z.object({
  shreds: z.array(
    z.object({
      tenant: z.uuid(),
      state: shredView.shape.state.nullable().describe("null: it could not be said."),
      problem: z.string().nullable().describe("Why it is not done: the code of an error, or `held_back`."),
    }),
  ),
});
