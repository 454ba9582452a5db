import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { unsafelyExportKey } from "./key.ts";
import { rootKeyFromBytes, rootKeyFromContent, rootKeyFromText } from "./root-key.ts";
import { frozenVectors } from "./testing/frozen-vectors.ts";

// Bytes that need both special digits of base64, and padding.
const good = createHash("sha256").update("obviously a test key 17").digest();
/** 32 bytes, each made from its index. */
const each = (byte: (index: number) => number) =>
  Buffer.from(Array.from({ length: 32 }, (_, index) => byte(index)));
const advice = " Make a good one with: keyfold keys generate";

test.each([
  ["hex", good.toString("hex")],
  ["upper-case hex", good.toString("hex").toUpperCase()],
  ["base64", good.toString("base64")],
  ["base64 without padding", good.toString("base64").replace("=", "")],
  ["base64url", good.toString("base64url")],
  ["base64url with padding", `${good.toString("base64url")}=`],
  ["white space around it", ` \t${good.toString("base64")}\r\n`],
])("a root key is read from %s", (_, text) => {
  expect(unsafelyExportKey(rootKeyFromText(text))).toEqual(good);
});

test("every random key can be read back from each spelling, and from its raw bytes", () => {
  for (let round = 0; round < 200; round++) {
    const bytes = randomBytes(32);
    for (const encoding of ["hex", "base64", "base64url"] as const) {
      expect(unsafelyExportKey(rootKeyFromText(bytes.toString(encoding)))).toEqual(bytes);
    }
    expect(unsafelyExportKey(rootKeyFromContent(Buffer.from(bytes)))).toEqual(bytes);
  }
});

const weak: [string, Uint8Array, string][] = [
  ["no bytes", Buffer.alloc(0), "The root key is empty."],
  ["31 bytes", randomBytes(31), "The root key is too short: it must have 32 bytes."],
  ["33 bytes", randomBytes(33), "The root key is too long: it must have 32 bytes."],
  ["zeros", Buffer.alloc(32), "The root key is all zeros."],
  ["one byte, repeated", Buffer.alloc(32, 0xa5), "The root key is one byte, repeated."],
  ["counting up", each((n) => n), "The root key is a sequence of bytes that count up or down."],
  [
    "counting up from 250",
    each((n) => n + 250),
    "The root key is a sequence of bytes that count up or down.",
  ],
  ["counting down", each((n) => 99 - n), "The root key is a sequence of bytes that count up or down."],
  [
    "halves alike",
    Buffer.concat([good.subarray(0, 16), good.subarray(0, 16)]),
    "The root key repeats itself.",
  ],
  [
    "few different bytes",
    each((n) => (n * n) % 15),
    "The root key has too few different bytes to be random.",
  ],
  [
    "a passphrase",
    Buffer.from("Tr0ub4dor&3 correct horse staple"),
    "The root key is a text and not random bytes.",
  ],
  [
    "a standard's key",
    Buffer.from("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "hex"),
    "The root key is a well-known example that anybody can look up.",
  ],
  [
    "SHA-256 of a password",
    createHash("sha256").update("password").digest(),
    "The root key is a well-known example that anybody can look up.",
  ],
  [
    "a sample setting",
    Buffer.from("5lrMXKKWCVocS/uerPsl7V+TX/aaUaI7iDkgl3tSmLE=", "base64"),
    "The root key is a well-known example that anybody can look up.",
  ],
];

test.each(weak)("a root key is refused, with a way to make a good one: %s", (_, bytes, problem) => {
  const refused = expect.objectContaining({ code: "bad_root_key", message: problem + advice });
  const text = Buffer.from(bytes).toString("base64");
  expect(() => rootKeyFromText(text)).toThrow(refused);
  const given = Buffer.from(bytes);
  expect(() => rootKeyFromBytes(given)).toThrow(refused);
  expect(given.every((byte) => byte === 0)).toBe(true);
});

test("the frozen vectors' root keys are refused: they are public", () => {
  for (const { root_key } of frozenVectors.cases) {
    expect(() => rootKeyFromText(root_key)).toThrow(expect.objectContaining({ code: "bad_root_key" }));
  }
});

const neither = "The root key is neither 64 hex digits nor base64 of 32 bytes.";
test.each([
  ["a sentence", "please put your key here", neither],
  ["a digit that is none", `${good.toString("base64").slice(0, -2)}!=`, neither],
  ["bits after the last byte", `${"A".repeat(42)}B=`, neither],
  ["too much padding", `${good.toString("base64")}==`, neither],
  [
    "32 hex digits, so 16 bytes",
    good.toString("hex").slice(0, 32),
    "The root key is too short: it must have 32 bytes.",
  ],
  ["a placeholder", "changeme", "The root key is too short: it must have 32 bytes."],
  ["an empty setting", "", "The root key is empty."],
  ["a whole document", "A".repeat(5000), "The root key is too long to be one."],
])("a text that is no root key is refused: %s", (_, text, problem) => {
  expect(() => rootKeyFromText(text)).toThrow(
    expect.objectContaining({ code: "bad_root_key", message: problem + advice }),
  );
});

test("content is zeroed once it was read, whether it was good or not", () => {
  for (const text of [good.toString("base64"), "no key at all", good.toString("latin1")]) {
    const content = Buffer.from(text, "latin1");
    try {
      rootKeyFromContent(content);
    } catch {}
    expect(content.every((byte) => byte === 0)).toBe(true);
  }
});
