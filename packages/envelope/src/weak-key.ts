import { createHash } from "node:crypto";

/*
 * What random bytes never look like. Every test here refuses a good key of 32 random bytes with a probability far
 * below 2^-30; none of them proves that a key is good.
 */

/** 32 random bytes have about 30 different ones; fewer than 16 come up once in more than 10^10 keys. */
const FEWEST_DIFFERENT_BYTES = 16;

/** Keys printed in standards, in the sample settings of other products, or in our own frozen vectors. */
const wellKnown = [
  "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", // NIST SP 800-38A, AES-256
  "e3c08a8f06c6e3ad95a70557b23f75483ce33021a9c72b7025666204c69c0b72", // NIST GCM validation, 256 bit
  "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4", // NIST GCM validation, 256 bit
  "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0", // RFC 8439, A.5
  "e65acc5ca296095a1c4bfb9eacfb25ed5f935ff69a51a23b883920977b5298b1", // Infisical's sample AUTH_SECRET
  "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26", // X-Wing draft, C, first seed
  "badfd6dfaac359a5efbb7bcc4b59d538df9a04302e10c8bc1cbf1a0b3a5120ea", // X-Wing draft, C, second seed
  "ef58538b8d23f87732ea63b02b4fa0f4873360e2841928cd60dd4cee8cc0d4c9", // X-Wing draft, C, third seed
].map((hex) => Buffer.from(hex, "hex"));

/** Texts whose SHA-256 somebody will use as a key, and the frozen vectors' names for theirs. */
const hashedTexts = [
  "",
  "password",
  "passphrase",
  "secret",
  "changeme",
  "change-me",
  "admin",
  "test",
  "key",
  "masterkey",
  "master-key",
  "rootkey",
  "root-key",
  "keyfold",
  "123456",
  "12345678",
  "keyfold test vector: root key 1",
  "keyfold test vector: root key 2",
  "keyfold test vector: hybrid seed 1",
  "keyfold test vector: hybrid seed 2",
];
wellKnown.push(...hashedTexts.map((text) => createHash("sha256").update(text).digest()));

/**
 * Why 32 bytes are no good as a root key, or as a hybrid seed, as the end of a sentence that begins "The root key"; undefined where
 * nothing speaks against them.
 */
export function weaknessOf(key: Uint8Array): string | undefined {
  if (key.every((byte) => byte === 0)) return "is all zeros";
  if (key.every((byte) => byte === key[0])) return "is one byte, repeated";
  if (hasConstantStep(key)) return "is a sequence of bytes that count up or down";
  if ([1, 2, 4, 8, 16].some((period) => repeatsAfter(key, period))) return "repeats itself";
  if (new Set(key).size < FEWEST_DIFFERENT_BYTES) return "has too few different bytes to be random";
  if (key.every((byte) => byte >= 0x20 && byte < 0x7f)) return "is a text and not random bytes";
  // Compared as bytes: a string of the key could not be erased.
  if (wellKnown.some((example) => example.equals(key)))
    return "is a well-known example that anybody can look up";
  return undefined;
}

function hasConstantStep(key: Uint8Array): boolean {
  const step = (key[1]! - key[0]!) & 0xff;
  return key.every((byte, index) => index === 0 || ((byte - key[index - 1]!) & 0xff) === step);
}

function repeatsAfter(key: Uint8Array, period: number): boolean {
  return key.every((byte, index) => byte === key[index % period]);
}
