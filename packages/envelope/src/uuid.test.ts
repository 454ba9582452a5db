import fc from "fast-check";
import { expect, test } from "vitest";
import { refusalOf } from "./testing/refusal.ts";
import { writeUuid } from "./uuid.ts";

test("a canonical UUID becomes its 16 bytes, at the offset", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const hex = Buffer.from(bytes).toString("hex");
      const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
      const target = Buffer.alloc(18);
      writeUuid(target, 1, id);
      expect(target.toString("hex")).toBe(`00${hex}00`);
    }),
  );
});

test.each([
  ["upper case", "ABCDEFAB-1111-1111-1111-111111111111"],
  ["braces", "{11111111-1111-1111-1111-11111111111}"],
  ["no hyphens", "111111111111111111111111111111111111"],
  ["a hyphen elsewhere", "1111111-11111-1111-1111-111111111111"],
  ["one digit less", "11111111-1111-1111-1111-11111111111"],
  ["one digit more", "11111111-1111-1111-1111-1111111111111"],
  ["a letter that is no digit", "g1111111-1111-1111-1111-111111111111"],
  ["a character beyond ASCII", "１1111111-1111-1111-1111-111111111111"],
  ["white space", " 1111111-1111-1111-1111-111111111111"],
  ["nothing", ""],
])("an id with %s is refused", (_, id) => {
  expect(refusalOf(() => writeUuid(Buffer.alloc(16), 0, id))).toBe("malformed");
});

test("an id that is no string is refused", () => {
  expect(refusalOf(() => writeUuid(Buffer.alloc(16), 0, undefined as unknown as string))).toBe("malformed");
});
