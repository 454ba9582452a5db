import { z } from "zod";

/** Lengths are counted in code points, as PostgreSQL counts them. */
const codePoints = (text: string): number => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

// How JSON Schema says what the refinements say, as far as it can. Lengths there are code points, too. A refinement
// forgets what was said before it, so each says it anew.
const LINE = "[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]";
const lengths = (minLength: number, maxLength: number) => ({
  ...(minLength > 0 ? { minLength } : {}),
  maxLength,
});

/** Text that UTF-8 and PostgreSQL can hold: no NUL, no lone surrogate. Nothing is normalized: what comes in comes back. */
export const text = (min: number, max: number) =>
  z
    .string()
    .refine((s) => s.isWellFormed(), {
      error: "holds a lone surrogate, which UTF-8 cannot carry",
      abort: true,
    })
    .refine((s) => !s.includes("\0"), { error: "holds a NUL character", abort: true })
    .refine((s) => codePoints(s) <= max, { error: `is longer than ${max} characters` })
    .refine((s) => codePoints(s) >= min, {
      error: min === 1 ? "is empty" : `is shorter than ${min} characters`,
    })
    .meta({ ...lengths(min, max), pattern: "^[^\\u0000]*$" });

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Tells whether a reference is an id rather than a name. */
export const isUuid = (s: string): boolean => UUID.test(s);

const oneLine = text(1, 255)
  .refine((s) => !CONTROL.test(s), { error: "holds a control character" })
  .refine((s) => s.trim() === s, { error: "starts or ends with white space" })
  .meta({ ...lengths(1, 255), pattern: `^(?!\\s)${LINE}+(?<!\\s)$` });

/** A secret's name: 1 to 255 characters; "/" makes folders. */
export const secretName = oneLine
  .refine((s) => s.split("/").every((part) => part !== "" && part !== "." && part !== ".."), {
    error: 'has an empty, "." or ".." folder in it',
  })
  .meta({
    ...lengths(1, 255),
    pattern: `^(?![\\s/])(?!.*//)(?!(?:.*/)?\\.{1,2}(?:/|$))${LINE}+(?<![\\s/])$`,
  });

/** A project's or environment's name: 1 to 255 characters, no "/", and not an id in disguise. */
export const placeName = oneLine
  .refine((s) => !s.includes("/"), { error: 'holds a "/"' })
  .refine((s) => !isUuid(s), { error: "looks like an id" })
  .meta({
    ...lengths(1, 255),
    pattern: `^(?!\\s)[^/\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]+(?<!\\s)$`,
  });

/** A thing's name for people. */
export const displayName = oneLine;

/** A project or environment, by name or by id. */
export const placeRef = z.union([z.uuid().transform((s) => s.toLowerCase()), placeName]);

export const id = z.uuid("is not an id").transform((s) => s.toLowerCase());

/** A tenant's slug: what a host name's label may be. */
export const slug = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: "is 1 to 63 lower-case letters, digits and inner hyphens",
  })
  // Else one tenant's slug could be another's id, and a call that names it would reach the other.
  .refine((s) => !isUuid(s), { error: "looks like an id" });

/** A tenant, by slug or by id. A service token's own tenant when left out. */
export const tenantRef = z.union([z.uuid().transform((s) => s.toLowerCase()), slug]);

export const reason = text(1, 500);
export const description = text(0, 500);

// A record would drop a `__proto__` key without a word; here it is refused by name.
const tagMap = z
  .custom<Record<string, string>>(
    (t) => typeof t === "object" && t !== null && !Object.hasOwn(t, "__proto__"),
    {
      error: "is no map of tags, or has a key named __proto__",
      abort: true,
    },
  )
  // Counted before any of them is looked at.
  .refine((t) => Object.keys(t).length <= 50, { error: "holds more than 50 tags", abort: true })
  .meta({
    type: "object",
    maxProperties: 50,
    propertyNames: { pattern: "^[A-Za-z0-9_.:/-]{1,64}$" },
    additionalProperties: { type: "string", maxLength: 100, pattern: "^[^\\u0000]*$" },
  });

/** Up to 50 tags; keys 1 to 64 of letters, digits and `_.:/-`, values up to 100 characters. */
export const tags = tagMap
  .pipe(z.record(z.string(), text(0, 100)))
  .refine((t) => Object.keys(t).every((key) => /^[A-Za-z0-9_.:/-]{1,64}$/.test(key)), {
    error: "has a key that is not 1 to 64 letters, digits or _.:/-",
  });

/** A caller's key for one creating call: the same key again within 24 hours answers the same. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{8,255}$/, { error: "is 8 to 255 printable ASCII characters" });

export const cursor = z.string().regex(/^[A-Za-z0-9_-]{1,2000}$/, { error: "is not a cursor" });
/** A version's number, as the database can hold it. */
export const versionNumber = z.int().min(1).max(2_147_483_647);

/** How long a superseded version still opens. */
export const graceSeconds = z.int().min(0).max(7_776_000).describe("0 to 90 days, in seconds.");

export const limit = z.int().min(1).max(500);

/** A moment, as RFC 3339 in UTC with milliseconds. */
export const moment = z.iso.datetime({ precision: 3 });

export const actorRefSchema = z.object({ type: z.string(), id: z.string(), name: z.string() });
export type ActorRefView = z.infer<typeof actorRefSchema>;
