import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { displayName, placeName, secretName, tags } from "./text.ts";

test("up to 50 tags are taken", () => {
  const fifty = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, "v"]));
  expect(tags.parse(fifty)).toEqual(fifty);
  expect(tags.safeParse({ k: 1 }).success).toBe(false);
});

test("regression: tags were counted after each was looked at: 600 000 of them took 2.4 seconds", () => {
  const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, "x".repeat(101)]));
  // Nothing is said of the values, since none was read.
  expect(tags.safeParse(many).error?.issues.map(({ path, message }) => [path, message])).toEqual([
    [[], "holds more than 50 tags"],
  ]);
});

test.each([
  ["a secret's name", secretName],
  ["a project's name", placeName],
  ["a display name", displayName],
])("the JSON Schema of %s takes what is taken here, and nothing else but ids in disguise", (_, schema) => {
  const { pattern, minLength, maxLength } = z.toJSONSchema(schema) as unknown as {
    pattern: string;
    minLength: number;
    maxLength: number;
  };
  const regex = new RegExp(pattern, "u");
  const parts = fc.constantFrom(
    "a",
    "/",
    ".",
    "..",
    " ",
    "\n",
    "\u2028",
    "\u0085",
    "\ufeff",
    "é",
    "\0",
    "😀",
    "0",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(parts, { maxLength: 9 }).map((some) => some.join("")),
        fc.string({ unit: "grapheme", minLength: 250, maxLength: 260 }),
      ),
      (name) => {
        const length = [...name].length;
        const bySchema = length >= minLength && length <= maxLength && regex.test(name);
        expect(bySchema).toBe(schema.safeParse(name).success);
      },
    ),
    { numRuns: 3000 },
  );
});
