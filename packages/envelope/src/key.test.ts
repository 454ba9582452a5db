import { createHmac } from "node:crypto";
import { format, inspect } from "node:util";
import { serialize } from "node:v8";
import { expect, test } from "vitest";
import { SecretKey, unsafelyExportKey } from "./key.ts";
import { fromHex, frozenVectors, keyFromHex } from "./testing/frozen-vectors.ts";
import { valuePlace } from "./testing/places.ts";
import { refusalOf } from "./testing/refusal.ts";
import { deriveValueKey, sealValue } from "./value.ts";

const known = () => Buffer.from("obviously fake key, 32 bytes....");

test("a key taken over from bytes leaves zeros behind, and can be exported again", () => {
  const bytes = known();
  const key = SecretKey.fromBytes(bytes);
  expect(bytes).toEqual(Buffer.alloc(32));
  expect(unsafelyExportKey(key)).toEqual(known());
});

test("an export is a copy: zeroing it leaves the key as it was", () => {
  const key = SecretKey.fromBytes(known());
  unsafelyExportKey(key).fill(0);
  expect(unsafelyExportKey(key)).toEqual(known());
});

test("bytes of any other length are refused, and zeroed all the same", () => {
  for (const length of [0, 16, 31, 33, 64]) {
    const bytes = Buffer.alloc(length, 7);
    expect(refusalOf(() => SecretKey.fromBytes(bytes))).toBe("malformed");
    expect(bytes).toEqual(Buffer.alloc(length));
  }
});

test("generated keys have 32 bytes and differ", () => {
  const keys = Array.from({ length: 100 }, () => unsafelyExportKey(SecretKey.generate()).toString("hex"));
  expect(new Set(keys).size).toBe(100);
  for (const key of keys) expect(key).toHaveLength(64);
});

test("the check value is the frozen one, and differs between keys", () => {
  const { derived, cases } = frozenVectors;
  expect(keyFromHex(derived.key).checkValue().toString("hex")).toBe(derived.check);
  for (const { tenant_key, tenant_key_check } of cases) {
    expect(keyFromHex(tenant_key).checkValue().toString("hex")).toBe(tenant_key_check);
  }
});

test("a derived key is the frozen one, and another info or context gives another key", () => {
  const { key, info, context, derived_check } = frozenVectors.derived;
  const derive = (label: string, data?: Uint8Array) =>
    keyFromHex(key).derive(label, data).checkValue().toString("hex");
  expect(derive(info, fromHex(context))).toBe(derived_check);
  const others = [derive(info), derive("other", fromHex(context)), derive(`${info}\x01`, Buffer.of(2))];
  expect(new Set([...others, derived_check]).size).toBe(4);
  expect(refusalOf(() => keyFromHex(key).derive("x", Buffer.alloc(1024)))).toBe("malformed");
});

test("the HMAC is HMAC-SHA-256 over the parts, one after the other", () => {
  const expected = createHmac("sha256", known()).update("one two").digest();
  const key = SecretKey.fromBytes(known());
  expect(key.hmacSha256("one two")).toEqual(expected);
  expect(key.hmacSha256("one", Buffer.from(" two"))).toEqual(expected);
});

const { sealed, dek } = sealValue(Buffer.from("sk_test_not_a_real_key"), valuePlace);
test.each([
  ["SecretKey", SecretKey.fromBytes(known())],
  ["ValueKey", deriveValueKey(dek, sealed)],
])("a %s prints as [redacted] and shows nothing to reflection", (_, key) => {
  expect(inspect(key)).toBe("[redacted]");
  expect(inspect({ deep: [key] }, { depth: null, showHidden: true })).toBe(
    "{ deep: [ [redacted], [length]: 1 ] }",
  );
  expect(format("%s %j", key, key)).toBe('[redacted] "[redacted]"');
  expect(String(key)).toBe("[redacted]");
  expect(`${key}`).toBe("[redacted]");
  expect(JSON.stringify({ key })).toBe('{"key":"[redacted]"}');
  expect(Reflect.ownKeys(key)).toEqual([]);
  expect({ ...key }).toEqual({});
  expect(inspect(key, { customInspect: false, showHidden: true })).not.toMatch(
    /[0-9a-f]{2} [0-9a-f]{2}|KeyObject|Buffer/,
  );
  expect(serialize(key).length).toBeLessThan(16);
  expect(() => structuredClone(key)).toThrow(expect.objectContaining({ name: "DataCloneError" }));
});
