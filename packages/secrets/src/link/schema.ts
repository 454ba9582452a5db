import { z } from "zod";
import { nextCursor, pageInput } from "../input/page.ts";
import { actorRefSchema, displayName, id, moment, placeRef, secretName, text } from "../input/text.ts";
import { encoding, inPlace, value } from "../secret/schema.ts";
import { inTenant } from "../tenant/schema.ts";

/** Most sites that one form may stand in. */
const MAX_ORIGINS = 10;
const DAY = 86_400;

/** An origin as browsers spell it: what `frame-ancestors` takes, and nothing that could be two of its words. */
function isOrigin(text: string): boolean {
  try {
    const { origin, protocol, hostname } = new URL(text);
    const local = protocol === "http:" && ["localhost", "127.0.0.1"].includes(hostname);
    return origin === text && (protocol === "https:" || local) && /^[a-z0-9.-]+$/.test(hostname);
  } catch {
    return false;
  }
}

const origin = z
  .string()
  .max(300)
  .refine(isOrigin, { error: "is no origin such as https://app.example.com" })
  .meta({ maxLength: 300, format: "uri" });

const note = text(0, 500).describe("Shown to whoever opens the link, above the form.");
const label = displayName.describe("What the value is, to whoever opens the link.");

export const linkView = z.object({
  id: z.uuid(),
  kind: z.enum(["request", "share"]).describe("`request`: hands a value in; `share`: shows one, once."),
  label: z.string(),
  note: z.string(),
  name: z.string().nullable().describe("The secret's name; null: a value that is no secret's."),
  project: z.uuid().nullable(),
  environment: z.uuid().nullable(),
  secretId: z.uuid().nullable(),
  version: z.int().nullable().describe("What is shared, or what was made of what was handed in."),
  origins: z.array(z.string()).describe("The sites in which a form may stand, in a frame."),
  writeOnly: z.boolean().describe("Whether what is handed in is read back by no person."),
  state: z.enum(["open", "used", "revoked", "expired"]),
  expiresAt: moment,
  usedAt: moment.nullable(),
  revokedAt: moment.nullable(),
  createdAt: moment,
  createdBy: actorRefSchema,
});
export type LinkView = z.infer<typeof linkView>;

export const requestValueInput = z.strictObject({
  ...inPlace,
  name: secretName.describe("The secret that it becomes: a new one, or a new version."),
  label: label.optional().describe("What the value is, to whoever opens the link; its name when left out."),
  note: note.default(""),
  seconds: z
    .int()
    .min(60)
    .max(30 * DAY)
    .optional()
    .describe(
      "How long the link works; a day when left out, a quarter of an hour where it stands in a frame.",
    ),
  writeOnly: z
    .boolean()
    .default(true)
    .describe("No person reads the secret's values from then on; services do."),
  origins: z
    .array(origin)
    .max(MAX_ORIGINS)
    .default([])
    .describe("The sites that may show the form in a frame; none when left out."),
});
export const madeLink = z.object({
  link: linkView,
  url: z
    .string()
    .describe(
      "What to hand on, or to frame. What is secret stands behind the `#`, and is in this answer only.",
    ),
});
export const shareValueInput = z
  .strictObject({
    ...inPlace,
    id: id.optional(),
    name: secretName.optional(),
    version: z.int().min(1).optional().describe("One version of it; the current one when left out."),
    value: value.optional().describe("Instead: a value that is kept for the link only, and as no secret."),
    encoding: encoding.default("utf8"),
    label: label.optional(),
    note: note.default(""),
    seconds: z
      .int()
      .min(60)
      .max(7 * DAY)
      .default(DAY)
      .describe("How long the link works; a day by default."),
  })
  .refine(
    ({ id: one, name, value: given }) => [one, name, given].filter((x) => x !== undefined).length === 1,
    {
      error: "give one of `id`, `name` and `value`",
      path: ["id"],
    },
  )
  .refine((input) => input.value !== undefined || input.encoding === "utf8", {
    error: "is said with `value` only",
    path: ["encoding"],
  });
export const listLinksInput = z.strictObject({
  ...inTenant,
  project: placeRef.optional().describe("Only this project's."),
  environment: placeRef.optional().describe("Only this environment's."),
  ...pageInput,
});
export const listLinksOutput = z.object({ links: z.array(linkView), nextCursor });
export const revokeLinkInput = z.strictObject({ ...inTenant, id });

/** A link as whoever holds it names it: its id, and the secret from behind the `#`. */
export const heldLink = z.strictObject({
  id,
  secret: z.string().regex(/^[A-Za-z0-9_-]{43}$/, "is not a link's"),
});
export const handInInput = z.strictObject({ ...heldLink.shape, value, encoding: encoding.default("utf8") });
