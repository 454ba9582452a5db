import { expect, test } from "vitest";
import { z } from "zod";
import { jsonSchemaOf, renamer, snakeSchema } from "./naming.ts";

const schema = z.object({
  openUntil: z.string(),
  createdBy: z.object({ tokenId: z.string() }).nullable(),
  items: z.array(z.strictObject({ expectedVersion: z.int() })),
  tags: z.record(z.string(), z.string()),
});
const json = jsonSchemaOf(schema, "output");
const value = {
  openUntil: "later",
  createdBy: { tokenId: "1" },
  items: [{ expectedVersion: 2 }],
  tags: { costCentre: "a", cost_centre: "b", constructor: "c" },
};

test("declared names are renamed at every level, and a map's own keys never", () => {
  expect(renamer(json, "to-snake")!(value)).toEqual({
    open_until: "later",
    created_by: { token_id: "1" },
    items: [{ expected_version: 2 }],
    tags: value.tags,
  });
});

test("renaming there and back gives the same", () => {
  expect(renamer(json, "to-camel")!(renamer(json, "to-snake")!(value))).toEqual(value);
});

test("null stays null, and what is no object stays for the verb to refuse", () => {
  expect(renamer(json, "to-camel")!({ created_by: null, items: "none" })).toEqual({
    createdBy: null,
    items: "none",
  });
});

test("REST has one spelling: the other one is a field that nobody knows", () => {
  const renamed = renamer(json, "to-camel")!({ items: [{ expectedVersion: 2 }] }) as { items: object[] };
  expect(Object.keys(renamed.items[0]!)).toEqual(["?expectedVersion"]);
});

test("the document shows the names that REST takes", () => {
  expect(snakeSchema(json).required).toEqual(["open_until", "created_by", "items", "tags"]);
});
