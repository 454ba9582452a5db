import { verbs } from "@keyfold/secrets";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nameProblem, slugOf } from "./target.ts";

test("a name is refused here exactly where the server would refuse it", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary", maxLength: 300 }),
        fc
          .array(fc.constantFrom("a", "/", ".", " ", "\n", "\u2028", "é", "\0", "..", "😀"), { maxLength: 8 })
          .map((parts) => parts.join("")),
      ),
      (name) => {
        expect(nameProblem(name) === null).toBe(
          verbs.secrets.create.input.shape.name.safeParse(name).success,
        );
      },
    ),
    { numRuns: 3000 },
  );
});

test("an old tenant's name becomes a slug, or nothing", () => {
  expect(["Acme, Inc.", "Müller & Söhne", "  42 ", "___", "a".repeat(80)].map(slugOf)).toEqual([
    "acme-inc",
    "muller-sohne",
    "42",
    null,
    "a".repeat(63),
  ]);
});
