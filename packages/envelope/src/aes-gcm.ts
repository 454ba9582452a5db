import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import { EnvelopeError } from "./error.ts";

/*
 * AES-256-GCM (NIST SP 800-38D) with the only sizes that Keyfold knows. Not exported from the package: the nonce
 * comes from the caller here, and every caller in this package draws it at random.
 */

export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

// Always given: without it createDecipheriv takes a tag of 4 bytes.
const options = { authTagLength: TAG_BYTES } as const;

function checkSizes(key: KeyObject, nonce: Uint8Array): void {
  if (key.symmetricKeySize !== KEY_BYTES || nonce.length !== NONCE_BYTES)
    throw new EnvelopeError("malformed");
}

/**
 * Encrypts. Keys are KeyObjects: a raw Buffer costs about four times as much on Node 24.
 * @param nonce 12 bytes, never used before under this key
 * @throws EnvelopeError `malformed` for any other size of key or nonce
 */
export function aesGcmEncrypt(
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): { ciphertext: Buffer; tag: Buffer } {
  checkSizes(key, nonce);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, options);
  cipher.setAAD(aad);
  const ciphertext = cipher.update(plaintext);
  cipher.final(); // GCM is a stream: nothing is left to come out, but the tag is made here
  return { ciphertext, tag: cipher.getAuthTag() };
}

/**
 * Decrypts, and gives the plaintext only after the tag was verified; else it is zeroed.
 * @throws EnvelopeError `malformed` for a wrong size of key, nonce or tag; `not_authentic` where the tag fails
 */
export function aesGcmDecrypt(
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
  tag: Uint8Array,
): Buffer {
  checkSizes(key, nonce);
  if (tag.length !== TAG_BYTES) throw new EnvelopeError("malformed");
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, options);
  decipher.setAAD(aad);
  decipher.setAuthTag(tag);
  const unverified = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch {
    unverified.fill(0);
    throw new EnvelopeError("not_authentic");
  }
  return unverified;
}
