import { expect, test } from "vitest";
import { encodeFields } from "./fields.ts";
import {
  type DekPlace,
  dekWrapAad,
  type KeyPlace,
  type KeyPurpose,
  keyWrapAad,
  type ValuePlace,
  valueAad,
} from "./place.ts";
import { dekPlace, id, keyPlace, valuePlace } from "./testing/places.ts";
import { refusalOf } from "./testing/refusal.ts";

const raw = (text: string) => Buffer.from(text.replaceAll("-", ""), "hex");
const fullKeyPlace: KeyPlace = { ...keyPlace, opener: "local:0123456789abcdef" };

test("the value's AAD is label, header, the five ids and the version", () => {
  const header = Buffer.alloc(66, 0xee);
  expect(valueAad(header, valuePlace)).toEqual(
    encodeFields([
      "keyfold/value/v1",
      header,
      raw(id("1")),
      raw(id("2")),
      raw(id("3")),
      raw(id("4")),
      raw(id("5")),
      Buffer.of(0, 0, 0, 0, 0, 0, 0, 6),
    ]),
  );
});

test("a DEK wrap's AAD is label, deployment, purpose, tenant, term, suite, secret and version", () => {
  expect(dekWrapAad(1, dekPlace)).toEqual(
    encodeFields([
      "keyfold/dek-wrap/v1",
      raw(id("1")),
      "value",
      raw(id("2")),
      Buffer.of(0, 0, 0, 7),
      Buffer.of(1),
      raw(id("5")),
      Buffer.of(0, 0, 0, 0, 0, 0, 0, 6),
    ]),
  );
});

test("a key wrap's AAD is label, deployment, purpose, tenant, term, opener and suite", () => {
  expect(keyWrapAad(1, fullKeyPlace)).toEqual(
    encodeFields([
      "keyfold/key-wrap/v1",
      raw(id("1")),
      "value",
      raw(id("2")),
      Buffer.of(0, 0, 0, 7),
      "local:0123456789abcdef",
      Buffer.of(1),
    ]),
  );
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("version %s is refused", (version) => {
  expect(refusalOf(() => valueAad(Buffer.alloc(66), { ...valuePlace, version }))).toBe("malformed");
  expect(refusalOf(() => dekWrapAad(1, { ...dekPlace, version }))).toBe("malformed");
});

test.each([0, -1, 1.5, Number.NaN, 2 ** 32])("term %s is refused", (term) => {
  expect(refusalOf(() => dekWrapAad(1, { ...dekPlace, term }))).toBe("malformed");
  expect(refusalOf(() => keyWrapAad(1, { ...fullKeyPlace, term }))).toBe("malformed");
});

test.each(["", "constructor", "__proto__", "VALUE"])("purpose %j is refused", (purpose) => {
  expect(refusalOf(() => keyWrapAad(1, { ...fullKeyPlace, purpose: purpose as KeyPurpose }))).toBe(
    "malformed",
  );
});

test.each(["", "with space", "é", "nul\0", "x".repeat(513)])("opener %j is refused", (opener) => {
  expect(refusalOf(() => keyWrapAad(1, { ...fullKeyPlace, opener }))).toBe("malformed");
});

test.each(["integrity", "token", "signing"] as const)(
  "a key for %s belongs to the deployment and to no tenant",
  (purpose) => {
    expect(refusalOf(() => keyWrapAad(1, { ...fullKeyPlace, purpose }))).toBe("malformed");
    const place: KeyPlace = { ...fullKeyPlace, purpose, tenant: fullKeyPlace.deployment };
    expect(keyWrapAad(1, place)).toBeInstanceOf(Buffer);
  },
);

test.each(["deployment", "tenant", "project", "environment", "secret"] as const)(
  "a %s that is no UUID is refused wherever it stands",
  (field) => {
    const broken = { [field]: "acme" };
    expect(refusalOf(() => valueAad(Buffer.alloc(66), { ...valuePlace, ...broken } as ValuePlace))).toBe(
      "malformed",
    );
    if (field in dekPlace) {
      expect(refusalOf(() => dekWrapAad(1, { ...dekPlace, ...broken } as DekPlace))).toBe("malformed");
    }
    if (field in fullKeyPlace) {
      expect(refusalOf(() => keyWrapAad(1, { ...fullKeyPlace, ...broken } as KeyPlace))).toBe("malformed");
    }
  },
);
