import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SecretKey, unsafelyExportKey } from "./key.ts";
import type { ValuePlace } from "./place.ts";
import { id, valuePlace as place } from "./testing/places.ts";
import { refusalOf } from "./testing/refusal.ts";
import { bitFlips, truncations } from "./testing/tampering.ts";
import {
  deriveValueKey,
  KeptValue,
  MAX_VALUE_BYTES,
  openValue,
  openWithValueKey,
  SEALED_OVERHEAD_BYTES,
  sealValue,
} from "./value.ts";
import { saltAndCommitmentOf } from "./value-key.ts";

const NONCE_AT = 66;
const value = Buffer.from("sk_test_not_a_real_key");

describe("a sealed value", () => {
  test("opens in its place to the very bytes, whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (plaintext) => {
        const { sealed, dek } = sealValue(plaintext, place);
        expect(sealed.length).toBe(plaintext.length + SEALED_OVERHEAD_BYTES);
        expect(openValue(sealed, dek, place).equals(plaintext)).toBe(true);
      }),
    );
  });

  test.each([0, 1, 64 * 1024, 1024 * 1024, MAX_VALUE_BYTES])("may hold %i bytes", (size) => {
    const plaintext = Buffer.alloc(size, "fake");
    const { sealed, dek } = sealValue(plaintext, place);
    expect(openValue(sealed, dek, place).equals(plaintext)).toBe(true);
  });

  test("may not hold a byte more than 16 MiB, and what is longer is not looked at", () => {
    expect(refusalOf(() => sealValue(Buffer.alloc(MAX_VALUE_BYTES + 1), place))).toBe("too_large");
    const long = Buffer.alloc(SEALED_OVERHEAD_BYTES + MAX_VALUE_BYTES + 1, 1);
    expect(refusalOf(() => openValue(long, SecretKey.generate(), place))).toBe("too_large");
  });

  test("has a DEK, a salt and a nonce of its own each time", () => {
    const made = Array.from({ length: 50 }, () => sealValue(value, place));
    const distinct = (part: (one: (typeof made)[number]) => Buffer) =>
      new Set(made.map((one) => part(one).toString("hex"))).size;
    expect(distinct(({ dek }) => unsafelyExportKey(dek))).toBe(50);
    expect(distinct(({ sealed }) => sealed.subarray(2, 34))).toBe(50);
    expect(distinct(({ sealed }) => sealed.subarray(34, 66))).toBe(50);
    expect(distinct(({ sealed }) => sealed.subarray(66, 78))).toBe(50);
  });

  test("opens from a slice of a larger buffer and from a plain Uint8Array", () => {
    const { sealed, dek } = sealValue(value, place);
    const wider = Buffer.concat([Buffer.alloc(3, 9), sealed, Buffer.alloc(3, 9)]);
    expect(openValue(wider.subarray(3, -3), dek, place)).toEqual(value);
    expect(openValue(new Uint8Array(sealed), dek, place)).toEqual(value);
  });

  test("is not made for a place that is none", () => {
    expect(refusalOf(() => sealValue(value, { ...place, tenant: "acme" }))).toBe("malformed");
    expect(refusalOf(() => sealValue(value, { ...place, version: 0 }))).toBe("malformed");
  });
});

/** The roads to a value: they must refuse alike, or a cached key would change what an error means. */
const { sealed, dek } = sealValue(value, place);
const cached = deriveValueKey(dek, sealed);
const roads: [string, (bytes: Uint8Array, at?: ValuePlace) => Buffer][] = [
  ["openValue", (bytes, at = place) => openValue(bytes, dek, at)],
  ["openWithValueKey", (bytes, at = place) => openWithValueKey(bytes, cached, at)],
  ["KeptValue", (bytes, at = place) => new KeptValue(bytes, cached, at).open()],
];

describe.each(roads)("%s", (_, open) => {
  test("opens what is untouched", () => {
    expect(open(sealed)).toEqual(value);
  });

  test.each([
    ["deployment", { deployment: id("9") }],
    ["tenant", { tenant: id("9") }],
    ["project", { project: id("9") }],
    ["environment", { environment: id("9") }],
    ["secret", { secret: id("9") }],
    ["version", { version: 7 }],
    ["version beyond 32 bits", { version: 2 ** 32 + 6 }],
    ["two ids, exchanged", { project: place.environment, environment: place.project }],
  ])("refuses it in another place: %s", (_field, other) => {
    expect(refusalOf(() => open(sealed, { ...place, ...other }))).toBe("not_authentic");
  });

  test("refuses it with any one bit flipped, and says what is wrong", () => {
    for (const { offset, flipped } of bitFlips(sealed)) {
      const expected = offset < 2 ? "unsupported" : offset < NONCE_AT ? "wrong_key" : "not_authentic";
      expect(
        refusalOf(() => open(flipped)),
        `byte ${offset}`,
      ).toBe(expected);
    }
  });

  test("refuses it cut at every length", () => {
    for (const cut of truncations(sealed)) {
      const expected = cut.length < SEALED_OVERHEAD_BYTES ? "malformed" : "not_authentic";
      expect(
        refusalOf(() => open(cut)),
        `${cut.length} bytes`,
      ).toBe(expected);
    }
  });

  test("refuses it with a short tag, from 0 to 15 bytes", () => {
    const { sealed: long, dek: itsDek } = sealValue(Buffer.alloc(100, "fake"), place);
    for (let missing = 1; missing <= 16; missing++) {
      const short = long.subarray(0, long.length - missing);
      expect(refusalOf(() => openValue(short, itsDek, place))).toBe("not_authentic");
    }
  });

  test("refuses it with bytes added at either end or in the middle", () => {
    const zero = Buffer.of(0);
    expect(refusalOf(() => open(Buffer.concat([sealed, zero])))).toBe("not_authentic");
    expect(refusalOf(() => open(Buffer.concat([sealed, sealed])))).toBe("not_authentic");
    expect(refusalOf(() => open(Buffer.concat([zero, sealed])))).toBe("unsupported");
    const middle = Buffer.concat([sealed.subarray(0, 80), zero, sealed.subarray(80)]);
    expect(refusalOf(() => open(middle))).toBe("not_authentic");
  });

  test("refuses every other format and suite", () => {
    for (let byte = 0; byte < 256; byte++) {
      if (byte === 1) continue;
      const format = Buffer.from(sealed);
      format[0] = byte;
      expect(refusalOf(() => open(format))).toBe("unsupported");
      const suite = Buffer.from(sealed);
      suite[1] = byte;
      expect(refusalOf(() => open(suite))).toBe("unsupported");
    }
  });

  test("refuses another value's bytes in whole and in part", () => {
    const other = sealValue(value, place).sealed;
    expect(refusalOf(() => open(other))).toBe("wrong_key");
    const spliced = Buffer.concat([sealed.subarray(0, NONCE_AT), other.subarray(NONCE_AT)]);
    expect(refusalOf(() => open(spliced))).toBe("not_authentic");
  });
});

test("regression: a key that is kept held on to a page of Node's pool for its 64 bytes", () => {
  const { sealed, dek } = sealValue(value, place);
  expect(saltAndCommitmentOf(deriveValueKey(dek, sealed)).buffer.byteLength).toBe(64);
});

test("a kept value opens each time, whatever became of the bytes that it was made of, and prints nothing", () => {
  const bytes = Buffer.from(sealed);
  const kept = new KeptValue(bytes, cached, place);
  bytes.fill(0);
  for (let i = 0; i < 3; i++) expect(kept.open()).toEqual(value);
  expect(`${kept}${JSON.stringify(kept)}${inspect(kept)}`).toBe('[redacted]"[redacted]"[redacted]');
});

test("another DEK is refused by the commitment, before anything is decrypted", () => {
  expect(refusalOf(() => openValue(sealed, SecretKey.generate(), place))).toBe("wrong_key");
});

test("another value's derived key is refused", () => {
  const other = sealValue(value, place);
  const key = deriveValueKey(other.dek, other.sealed);
  expect(refusalOf(() => openWithValueKey(sealed, key, place))).toBe("wrong_key");
});

test("no error names a byte of the value, of a key or of a place", () => {
  const hidden = [value.toString(), unsafelyExportKey(dek).toString("hex"), place.tenant];
  for (const { flipped } of bitFlips(sealed)) {
    try {
      openValue(flipped, dek, place);
    } catch (error) {
      const text = `${error instanceof Error ? error.stack : ""}${JSON.stringify(error)}`;
      for (const secret of hidden) expect(text).not.toContain(secret);
    }
  }
});
