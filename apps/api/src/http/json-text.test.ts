import fc from "fast-check";
import { expect, test } from "vitest";
import { depthOf, MAX_JSON_DEPTH, parseJson } from "./json-text.ts";

const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

function issuesOf(text: string): unknown {
  try {
    parseJson(text);
  } catch (error) {
    return (error as { issues: unknown }).issues;
  }
  return null;
}

test("JSON is taken up to the limit of its depth, and refused one level deeper before it is parsed", () => {
  expect(parseJson(nested(MAX_JSON_DEPTH))).toBeInstanceOf(Array);
  expect(issuesOf(nested(MAX_JSON_DEPTH + 1))).toEqual([
    { path: "body", message: "nests deeper than 32 levels" },
  ]);
  expect(issuesOf("[".repeat(5_000_000))).toEqual([{ path: "body", message: "nests deeper than 32 levels" }]);
});

test("brackets inside strings do not nest, however quotes are escaped", () => {
  expect(depthOf(JSON.stringify({ a: `${"[".repeat(100)}"${"{".repeat(100)}\\` }))).toBe(1);
  expect(depthOf('["\\\\", [1], "\\"[[["]')).toBe(2);
});

test("the depth of any JSON is what its parsed form has", () => {
  const real = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? 1 + Math.max(0, ...Object.values(value as object).map(real))
      : 0;
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      expect(depthOf(text)).toBe(real(JSON.parse(text)));
    }),
  );
});

test("what is no JSON is refused without a word of what it says", () => {
  expect(issuesOf('{"value": "sk_test_not_a_real_key"')).toEqual([
    { path: "body", message: "is not valid JSON" },
  ]);
});

test.each(['{"__proto__": {}}', '{"a": [{"\\u005f_proto__": 1}]}'])(
  "%s is refused, escaped or not",
  (text) => {
    expect(issuesOf(text)).toEqual([{ path: "body", message: "has a key named __proto__" }]);
  },
);

test("__proto__ as a text, and constructor as a key, are taken", () => {
  expect(parseJson('{"name": "__proto__", "tags": {"constructor": "x"}}')).toEqual({
    name: "__proto__",
    tags: Object.assign(Object.create(Object.prototype), { constructor: "x" }),
  });
});
