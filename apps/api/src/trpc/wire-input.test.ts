import { KeyfoldError } from "@keyfold/secrets";
import superjson from "superjson";
import { expect, test, vi } from "vitest";
import { inputOf, MAX_ANNOTATIONS } from "./wire-input.ts";

const codeOf = (sent: unknown): string => {
  try {
    inputOf(sent);
  } catch (error) {
    if (error instanceof KeyfoldError) return `${error.code} at ${error.issues?.[0]?.path}`;
    throw error;
  }
  return "taken";
};

test("what superjson writes for undefined fields is read as their absence, at any depth", () => {
  for (const input of [
    { name: "A", reason: undefined },
    { name: "A", tags: { "with.dot": undefined, "with\\slash": undefined, kept: "k" } },
    {
      items: [
        { name: "A", tags: undefined },
        { name: "B", description: undefined },
      ],
      tenant: undefined,
    },
    { a: { b: { c: undefined, d: 1 }, e: undefined } },
  ]) {
    const wire = JSON.parse(JSON.stringify(superjson.serialize(input)));
    expect(inputOf(wire)).toStrictEqual(JSON.parse(JSON.stringify(input)));
  }
});

test("a call without an input is one whose input is undefined, however a client writes that", () => {
  expect(inputOf(superjson.serialize(undefined))).toBe(undefined);
  expect(inputOf({})).toBe(undefined);
  expect(inputOf(undefined)).toBe(undefined);
});

test.each([
  ["a set", { values: { x: ["set"] }, v: 1 }],
  ["a bigint", { values: { x: ["bigint"] }, v: 1 }],
  ["a date", { values: { "0": ["Date"] } }],
  ["a map of undefined", { values: { x: ["map", { "0": ["undefined"] }] }, v: 1 }],
  ["a typed array", { values: { x: [["typed-array", "Uint8Array"]] }, v: 1 }],
  ["the whole input as a set", { values: ["set"] }],
  ["shared references", { referentialEqualities: { x: ["x.0"] }, v: 1 }],
  ["shared references to the root", { referentialEqualities: [["x"]], v: 1 }],
  ["anything else", { more: 1 }],
  ["a path that is none", { values: { "x\\y": ["undefined"] } }],
  ["an item of a list", { values: { "x.0": ["undefined"] } }],
  ["a text", "set"],
  ["a list", [["undefined"]]],
])("meta that speaks of %s is refused", (_, meta) => {
  expect(codeOf({ json: { x: ["1"] }, meta })).toBe("bad_input at meta");
});

test("meta has a bounded number of annotations and a bounded depth, and paths to nowhere do nothing", () => {
  const marks = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, ["undefined"]]));
  expect(codeOf({ json: {}, meta: { values: marks(MAX_ANNOTATIONS) } })).toBe("taken");
  expect(codeOf({ json: {}, meta: { values: marks(MAX_ANNOTATIONS + 1) } })).toBe("bad_input at meta");
  expect(codeOf({ json: {}, meta: { values: { ["a.".repeat(40)]: ["undefined"] } } })).toBe(
    "bad_input at meta",
  );
});

test("no annotation reaches a prototype", () => {
  expect(
    codeOf({ json: { x: {} }, meta: { values: { "constructor.prototype.toString": ["undefined"] } } }),
  ).toBe("taken");
  expect(typeof {}.toString).toBe("function");
  expect(Object.prototype).toHaveProperty("toString");
});

test("regression: superjson did not stay out of it: one body of 0.8 MB stopped the process for five seconds", () => {
  const deserialize = vi.spyOn(superjson, "deserialize");
  const json = { set: ["1"], ...Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, 0])) };
  const meta = {
    values: { set: ["set"] },
    referentialEqualities: { set: Array.from({ length: 1000 }, (_, i) => `set.${i}`) },
    v: 1,
  };
  expect(codeOf({ json, meta })).toBe("bad_input at meta");
  expect(deserialize).not.toHaveBeenCalled();
  deserialize.mockRestore();
});
