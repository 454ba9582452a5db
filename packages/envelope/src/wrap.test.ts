import { describe, expect, test } from "vitest";
import { SecretKey, unsafelyExportKey } from "./key.ts";
import type { DekPlace } from "./place.ts";
import { id, dekPlace as place } from "./testing/places.ts";
import { refusalOf } from "./testing/refusal.ts";
import { bitFlips, truncations } from "./testing/tampering.ts";
import { unwrapDek, wrapDek } from "./wrap.ts";

const dek = SecretKey.generate();
const tenantKey = SecretKey.generate();
const wrapped = wrapDek(dek, tenantKey, place);
const open = (bytes: Uint8Array, at: DekPlace = place) => unwrapDek(bytes, tenantKey, at);

describe("a wrapped DEK", () => {
  test("has 62 bytes and unwraps in its place to the same key", () => {
    expect(wrapped.length).toBe(62);
    expect(unsafelyExportKey(open(wrapped))).toEqual(unsafelyExportKey(dek));
  });

  test("differs each time it is made", () => {
    const wraps = Array.from({ length: 50 }, () => wrapDek(dek, tenantKey, place).toString("hex"));
    expect(new Set(wraps).size).toBe(50);
  });

  test.each<[string, Partial<DekPlace>]>([
    ["deployment", { deployment: id("9") }],
    ["tenant", { tenant: id("9") }],
    ["purpose", { purpose: "digest" }],
    ["term", { term: 8 }],
    ["secret", { secret: id("9") }],
    ["version", { version: 7 }],
  ])("refuses in another place: %s", (_, other) => {
    expect(refusalOf(() => open(wrapped, { ...place, ...other }))).toBe("not_authentic");
  });

  test("refuses with any one bit flipped", () => {
    for (const { offset, flipped } of bitFlips(wrapped)) {
      expect(
        refusalOf(() => open(flipped)),
        `byte ${offset}`,
      ).toBe(offset < 2 ? "unsupported" : "not_authentic");
    }
  });

  test("refuses cut at every length, and with a byte more", () => {
    for (const cut of truncations(wrapped))
      expect(
        refusalOf(() => open(cut)),
        `${cut.length}`,
      ).toBe("malformed");
    expect(refusalOf(() => open(Buffer.concat([wrapped, Buffer.of(0)])))).toBe("malformed");
    expect(refusalOf(() => open(Buffer.concat([wrapped, Buffer.alloc(9000)])))).toBe("malformed");
  });

  test("refuses under every other key", () => {
    expect(refusalOf(() => unwrapDek(wrapped, SecretKey.generate(), place))).toBe("not_authentic");
    expect(refusalOf(() => unwrapDek(wrapped, dek, place))).toBe("not_authentic");
  });
});

// Several open-source products keep a whole database under one key and no AAD: there, whoever writes to the database
// exchanges two ciphertexts and nobody notices.
describe("two DEK wraps, exchanged by somebody who writes to the database", () => {
  const other = SecretKey.generate();

  test("refuse between two tenants, even under one key", () => {
    const theirs = { ...place, tenant: id("8") };
    const theirWrap = wrapDek(other, tenantKey, theirs);
    expect(refusalOf(() => open(theirWrap))).toBe("not_authentic");
    expect(refusalOf(() => open(wrapped, theirs))).toBe("not_authentic");
  });

  test("refuse between two secrets and two versions of a tenant", () => {
    for (const theirs of [
      { ...place, secret: id("8") },
      { ...place, version: 5 },
    ]) {
      expect(refusalOf(() => open(wrapDek(other, tenantKey, theirs)))).toBe("not_authentic");
      expect(refusalOf(() => open(wrapped, theirs))).toBe("not_authentic");
    }
  });

  test("refuse between two terms, with either term's key", () => {
    const nextKey = SecretKey.generate();
    const next = { ...place, term: 8 };
    const nextWrap = wrapDek(dek, nextKey, next);
    expect(refusalOf(() => open(nextWrap))).toBe("not_authentic");
    expect(refusalOf(() => unwrapDek(nextWrap, nextKey, place))).toBe("not_authentic");
    expect(refusalOf(() => unwrapDek(wrapped, nextKey, next))).toBe("not_authentic");
  });
});

test("a DEK is not wrapped for a place that is none", () => {
  expect(refusalOf(() => wrapDek(dek, tenantKey, { ...place, term: 0 }))).toBe("malformed");
  expect(refusalOf(() => wrapDek(dek, tenantKey, { ...place, secret: "stripe" }))).toBe("malformed");
});
