import { expect, it } from "vitest";
import { configOf, draftOf } from "./schema-draft.ts";

const SECRET = "00000000-0000-4000-8000-000000000001";
const schema = {
  required: ["admin"],
  properties: {
    bytes: { type: "integer", default: 32 },
    bits: { anyOf: [{ const: 2048 }, { const: 3072 }], default: 3072 },
    format: { enum: ["hex", "base64url"], default: "hex" },
    prefix: { type: "string", default: "" },
    admin: { type: "object", properties: { $secret: { type: "string" } } },
    users: { type: "array" },
    disconnect: { type: "boolean", default: false },
  },
};

it("a form begins with what is set, and else with what the rotator takes by itself", () => {
  expect(draftOf(schema, { admin: { $secret: SECRET }, users: ["a", "b"], bytes: 48 })).toEqual({
    bytes: "48",
    bits: "3072",
    format: "hex",
    prefix: "",
    admin: SECRET,
    users: '["a","b"]',
    disconnect: false,
  });
});

it("what it says is read back in the types that the server wants", () => {
  const config = {
    bytes: 48,
    bits: 2048,
    format: "hex",
    admin: { $secret: SECRET },
    users: ["a", "b"],
    disconnect: true,
  };
  expect(configOf(schema, draftOf(schema, config))).toEqual(config);
});

it("a text that is no JSON is an error, and what is empty is left out", () => {
  expect(() => configOf(schema, { users: "[a" })).toThrow(SyntaxError);
  expect(configOf(schema, { prefix: "", users: "" })).toEqual({});
});
