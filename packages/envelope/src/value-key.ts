import { createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { KEY_BYTES } from "./aes-gcm.ts";
import { EnvelopeError } from "./error.ts";
import { hkdfSha512 } from "./hkdf.ts";
import { type Dek, unsafelyUnboxKey } from "./key.ts";
import { VALUE_LABEL } from "./place.ts";
import { Redacted } from "./redacted.ts";

/*
 * From a DEK and a value's salt (32 random bytes), HKDF-SHA-512 with info "keyfold/value/v1" yields 64 bytes:
 *
 *   encryption key 32 ‖ commitment 32
 *
 * The commitment stands in the sealed bytes and is compared before anything is decrypted: AES-GCM alone would let
 * one ciphertext open under two keys, to two different values.
 */

export const SALT_BYTES = 32;
export const COMMITMENT_BYTES = 32;

let insides: (key: ValueKey) => { key: KeyObject; saltAndCommitment: Buffer };

/**
 * What opens one sealed value: derived once, it may be cached, and then spares a warm read its HKDF (about half of
 * an open of 64 bytes). As secret as a DEK; prints as `[redacted]`.
 */
export class ValueKey extends Redacted {
  readonly #key: KeyObject;
  readonly #saltAndCommitment: Buffer;

  static {
    insides = (key) => ({ key: key.#key, saltAndCommitment: key.#saltAndCommitment });
  }

  /** @param salt 32 bytes */
  constructor(dek: Dek, salt: Uint8Array) {
    super();
    if (salt.length !== SALT_BYTES) throw new EnvelopeError("malformed");
    const derived = hkdfSha512(unsafelyUnboxKey(dek), salt, VALUE_LABEL, KEY_BYTES + COMMITMENT_BYTES);
    this.#key = createSecretKey(derived.subarray(0, KEY_BYTES));
    // Memory of its own: a slice of Node's pool, kept in a cache, keeps a hundred times as much.
    this.#saltAndCommitment = Buffer.alloc(SALT_BYTES + COMMITMENT_BYTES);
    this.#saltAndCommitment.set(salt);
    this.#saltAndCommitment.set(derived.subarray(KEY_BYTES), SALT_BYTES);
    derived.fill(0);
  }
}

/** Salt and commitment, 64 bytes, as they stand in the sealed bytes. Not secret. */
export function saltAndCommitmentOf(key: ValueKey): Buffer {
  return insides(key).saltAndCommitment;
}

/**
 * The encryption key, if the salt and commitment found in a sealed value are this key's own. Both are compared, so
 * that a changed salt is the same error whether the key was derived just now or came from a cache.
 * @throws EnvelopeError `wrong_key`
 */
export function unboxValueKey(key: ValueKey, found: Uint8Array): KeyObject {
  const inside = insides(key);
  if (!timingSafeEqual(found, inside.saltAndCommitment)) throw new EnvelopeError("wrong_key");
  return inside.key;
}
