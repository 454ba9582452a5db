import { randomBytes } from "node:crypto";
import { aesGcmDecrypt, aesGcmEncrypt, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from "./aes-gcm.ts";
import { EnvelopeError } from "./error.ts";
import { type SecretKey, unsafelyUnboxKey } from "./key.ts";

/*
 * 32 bytes of key under another key, by AES-256-GCM directly under that key:
 *
 *   offset  0  12  nonce       random
 *          12  32  ciphertext
 *          44  16  tag
 *
 * Nonces are random, so one wrapping key may make at most 2^32 wraps (NIST SP 800-38D, 8.3): a term of a tenant key
 * covers that many versions, a root key that many tenant keys.
 */

const TAG_AT = NONCE_BYTES + KEY_BYTES;

/** Bytes of an encrypted key: 60. */
export const ENCRYPTED_KEY_BYTES = TAG_AT + TAG_BYTES;

/** Encrypts 32 bytes of key. `nonce` is given by the frozen vectors' test only. @throws EnvelopeError `malformed` */
export function encryptKey(
  key: Uint8Array,
  under: SecretKey,
  aad: Uint8Array,
  nonce: Uint8Array = randomBytes(NONCE_BYTES),
): Buffer {
  if (key.length !== KEY_BYTES) throw new EnvelopeError("malformed", "A key has 32 bytes.");
  const { ciphertext, tag } = aesGcmEncrypt(unsafelyUnboxKey(under), nonce, aad, key);
  return Buffer.concat([nonce, ciphertext, tag]);
}

/**
 * Decrypts to 32 bytes of key; the caller zeroes them.
 * @throws EnvelopeError `malformed` for any other length than 60; `not_authentic` for another key or AAD, or a change
 */
export function decryptKey(encrypted: Uint8Array, under: SecretKey, aad: Uint8Array): Buffer {
  if (encrypted.length !== ENCRYPTED_KEY_BYTES) throw new EnvelopeError("malformed");
  return aesGcmDecrypt(
    unsafelyUnboxKey(under),
    encrypted.subarray(0, NONCE_BYTES),
    aad,
    encrypted.subarray(NONCE_BYTES, TAG_AT),
    encrypted.subarray(TAG_AT),
  );
}
