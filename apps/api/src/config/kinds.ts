import { type AllowRule, parseAllow } from "@keyfold/outbound";
import { z } from "zod";
import { urlOf } from "./database-url.ts";

/* The kinds of text that settings hold, each with the sentence that says what it must be. */

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `must be ${values.slice(0, -1).join(", ")} or ${values.at(-1)}.` });

export const wholeNumber = (least: number, most: number, unit = "") => {
  const error = `must be a whole number${unit} from ${least} to ${most}.`;
  return z
    .string()
    .regex(/^\d{1,9}$/, { error, abort: true })
    .transform(Number)
    .refine((n) => n >= least && n <= most, { error });
};

export const yesOrNo = z
  .enum(["1", "true", "0", "false"], { error: "must be 1 or 0." })
  .transform((text) => text === "1" || text === "true");

export const path = z.string().refine((text) => !text.includes("\0"), { error: "must be a path." });

export const postgresUrl = z.string().refine((text) => /^postgres(ql)?:$/.test(urlOf(text)?.protocol ?? ""), {
  error: "must be a connection string such as postgresql://user:password@host:5432/database.",
});

export const origin = (example: string) =>
  z.string().refine(
    (text) => {
      const url = urlOf(text);
      return (
        url !== null &&
        /^https?:$/.test(url.protocol) &&
        url.pathname === "/" &&
        url.search + url.hash + url.username + url.password === ""
      );
    },
    { error: `must be an address such as ${example}, without a path.` },
  );

/** @param error what the list must be */
export const allowList = (error: string) => z.string().refine((list) => allowOf(list) !== null, { error });

/** A list's rules; null: it is none. */
export function allowOf(list: string): readonly AllowRule[] | null {
  try {
    return parseAllow(list);
  } catch {
    return null;
  }
}

/** Age recipients, separated by spaces or commas. */
export const recipientsOf = (list: string): string[] => list.split(/[\s,]+/).filter((one) => one !== "");
