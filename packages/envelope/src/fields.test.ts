import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeFields, FieldWriter } from "./fields.ts";
import { refusalOf } from "./testing/refusal.ts";

test("each field is prefixed with its length as u32 big-endian", () => {
  expect(encodeFields(["ab", Buffer.of(7), ""]).toString("hex")).toBe("00000002616200000001070000" + "0000");
});

test("text is encoded as UTF-8, and its length counts bytes", () => {
  expect(encodeFields(["é"]).toString("hex")).toBe("00000002c3a9");
});

test("two different lists of fields never encode alike", () => {
  const lists = fc.array(fc.uint8Array({ maxLength: 6 }), { maxLength: 5 });
  const hex = (list: Uint8Array[]) => list.map((field) => Buffer.from(field).toString("hex")).join();
  fc.assert(
    fc.property(lists, lists, (a, b) => {
      const same = a.length === b.length && hex(a) === hex(b);
      expect(encodeFields(a).equals(encodeFields(b))).toBe(same);
    }),
  );
});

test("numbers are big-endian, and u64 holds every safe integer", () => {
  const bytes = new FieldWriter(12 + 12 + 8 + 5)
    .u64(Number.MAX_SAFE_INTEGER)
    .u64(0x1_0000_0002)
    .u32(0xffff_fffe)
    .u8(9)
    .done();
  expect(bytes.toString("hex")).toBe(
    "00000008001fffffffffffff" + "000000080000000100000002" + "00000004fffffffe" + "0000000109",
  );
});

test("fields that do not fill the announced size are refused", () => {
  expect(refusalOf(() => new FieldWriter(6).u8(1).done())).toBe("malformed");
});
