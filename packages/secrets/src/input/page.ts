import { z } from "zod";
import { KeyfoldError } from "../error.ts";
import { cursor, limit } from "./text.ts";

export const pageInput = { cursor: cursor.optional(), limit: limit.default(100) };
export const nextCursor = z
  .string()
  .nullable()
  .describe("Give it as `cursor` for the next page; null: this was the last.");

/** A moment in a cursor: of our era, as PostgreSQL wants it. */
export const cursorMoment = z.iso.datetime().regex(/^(?:19|20|21)\d\d-/);

/** A cursor is the last row's sort key, base64url of JSON; it grants nothing, and what it names is authorized anew. */
export function encodeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString("base64url");
}

/** @throws KeyfoldError `bad_input` for anything that `encodeCursor` did not make with this shape. */
export function decodeCursor<T extends z.ZodType>(shape: T, text: string | undefined): z.infer<T> | null {
  if (text === undefined) return null;
  try {
    return shape.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  } catch {
    throw new KeyfoldError("bad_input", {
      issues: [{ path: "cursor", message: "is not a cursor of this list" }],
    });
  }
}
