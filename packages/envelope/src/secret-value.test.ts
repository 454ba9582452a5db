import { format, inspect } from "node:util";
import { deserialize, serialize } from "node:v8";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SecretValue } from "./secret-value.ts";

/** Of a length that no stack trace holds. */
const TEXT = "sk_test_not_a_real_key".padEnd(31_337, "x");

test("a value prints as [redacted] however it is printed, inspected, joined or thrown", () => {
  const value = SecretValue.ofText(TEXT);
  const said = [
    String(value),
    `${value}`,
    // biome-ignore lint/style/useTemplate: this is another way to print
    "" + value,
    [value].join(),
    JSON.stringify(value),
    JSON.stringify({ deep: [{ value }] }),
    inspect(value),
    inspect({ deep: [{ value }] }, { depth: null, showHidden: true, getters: true }),
    format("%s %o %O %j", value, value, value, value),
    inspect(new Error(`it failed with ${value}`, { cause: value })),
    String(new TypeError(value as unknown as string)),
  ];
  for (const one of said) {
    expect(one).toContain("[redacted]");
    expect(one).not.toContain(TEXT);
    expect(one).not.toContain(String(TEXT.length));
  }
});

test("reflection finds nothing in a value, and no clone is made of it", () => {
  const value = SecretValue.ofText(TEXT);
  expect(Reflect.ownKeys(value)).toEqual([]);
  expect({ ...value }).toEqual({});
  const bare = inspect(value, { customInspect: false, showHidden: true, getters: true });
  expect(bare).toBe("SecretValue { [encoding]: [Getter: 'utf8'] }");
  expect(() => structuredClone({ value })).toThrow(expect.objectContaining({ name: "DataCloneError" }));
  // v8's own serializer asks nobody, and writes what reflection finds.
  expect(deserialize(serialize({ value }))).toEqual({ value: {} });
});

test("a value is no text and no bytes to what takes those", () => {
  const value = SecretValue.ofText(TEXT) as unknown as string;
  expect(() => Buffer.from(value)).toThrow(TypeError);
  expect(() => new TextDecoder().decode(value as never)).toThrow(TypeError);
});

test("what goes in comes out, in its own encoding, and equality is that of the bytes", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.string({ unit: "grapheme" }),
      (bytes, text) => {
        const [one, same] = [SecretValue.ofBytes(bytes), SecretValue.takeOver(Buffer.from(bytes), "utf8")];
        expect(one.unsafelyEncoded()).toBe(Buffer.from(bytes).toString("base64"));
        expect(SecretValue.ofText(text).unsafelyEncoded()).toBe(text);
        expect(SecretValue.ofText(text).unsafelyText()).toBe(text);
        expect(one.equals(same)).toBe(true);
        expect(one.equals(SecretValue.ofBytes(Buffer.concat([bytes, bytes])))).toBe(false);
        expect(one.equals(SecretValue.ofBytes(bytes.map((byte) => byte ^ 1)))).toBe(false);
        expect([one.encoding, same.encoding, one.countBytes()]).toEqual(["base64", "utf8", bytes.length]);
      },
    ),
  );
});

test("wiping overwrites what was taken over, and leaves what was copied from alone", () => {
  const [copied, taken] = [Buffer.from(TEXT), Buffer.from(TEXT)];
  const [one, other] = [SecretValue.ofBytes(copied), SecretValue.takeOver(taken, "utf8")];
  for (const value of [one, other]) {
    value.wipe();
    expect(value.unsafelyBytes().every((byte) => byte === 0)).toBe(true);
  }
  expect(copied.toString()).toBe(TEXT);
  expect(taken.every((byte) => byte === 0)).toBe(true);
});

test("bytes of which nobody said what they are go out as text where they are UTF-8, and else as base64", () => {
  for (const [bytes, encoding] of [
    [[], "utf8"],
    [[0x6b, 0x00], "utf8"],
    [[0xe2, 0x82, 0xac], "utf8"],
    [[0xe2, 0x82], "base64"],
    [[0xff], "base64"],
  ] as const) {
    const value = SecretValue.takeOverGiven(Buffer.from(bytes));
    expect(value.encoding).toBe(encoding);
    expect(value.unsafelyEncoded()).toBe(Buffer.from(bytes).toString(encoding));
  }
});
