import { type KeyObject, randomBytes } from "node:crypto";
import { aesGcmDecrypt, aesGcmEncrypt, NONCE_BYTES, TAG_BYTES } from "./aes-gcm.ts";
import { EnvelopeError } from "./error.ts";
import { type Dek, SecretKey } from "./key.ts";
import { type ValuePlace, valueAad } from "./place.ts";
import { Redacted } from "./redacted.ts";
import { COMMITMENT_BYTES, SALT_BYTES, saltAndCommitmentOf, unboxValueKey, ValueKey } from "./value-key.ts";

/*
 * A sealed value, format 1, suite 1 (AES-256-GCM under a key that HKDF-SHA-512 draws from the DEK):
 *
 *   offset  0   1  format      0x01
 *           1   1  suite       0x01
 *           2  32  salt        random
 *          34  32  commitment  to the key
 *          66  12  nonce       random
 *          78   n  ciphertext  as long as the value, 0 to 16 MiB
 *      78 + n  16  tag
 *
 * The first 66 bytes (the header) and the place are the AAD, see `place.ts`.
 */

const FORMAT = 0x01;
const SUITE = 0x01;
const SALT_AT = 2;
const NONCE_AT = SALT_AT + SALT_BYTES + COMMITMENT_BYTES;
const CIPHERTEXT_AT = NONCE_AT + NONCE_BYTES;

/** How many bytes a sealed value is longer than the value: 94. */
export const SEALED_OVERHEAD_BYTES = CIPHERTEXT_AT + TAG_BYTES;
/** The largest value that the envelope takes, in bytes (16 MiB). A deployment configures its own, lower limit. */
export const MAX_VALUE_BYTES = 16 * 1024 * 1024;

/**
 * Seals a value under a fresh DEK, which the caller wraps and stores. There is no way to seal under a given DEK:
 * one DEK encrypts once.
 * @param plaintext 0 to 16 MiB; the caller zeroes it
 * @throws EnvelopeError `too_large`, or `malformed` for a place that is none
 */
export function sealValue(plaintext: Uint8Array, place: ValuePlace): { sealed: Buffer; dek: Dek } {
  const dek = SecretKey.generate();
  return { sealed: unsafelySealValueWith(plaintext, place, dek, randomBytes(SALT_BYTES + NONCE_BYTES)), dek };
}

/** For `sealValue` and the frozen vectors only: takes the DEK, and 32 bytes of salt and 12 of nonce, from outside. */
export function unsafelySealValueWith(
  plaintext: Uint8Array,
  place: ValuePlace,
  dek: Dek,
  saltAndNonce: Uint8Array,
): Buffer {
  if (plaintext.length > MAX_VALUE_BYTES) throw new EnvelopeError("too_large");
  const key = new ValueKey(dek, saltAndNonce.subarray(0, SALT_BYTES));
  const committed = saltAndCommitmentOf(key);
  const head = Buffer.allocUnsafe(CIPHERTEXT_AT);
  head[0] = FORMAT;
  head[1] = SUITE;
  head.set(committed, SALT_AT);
  head.set(saltAndNonce.subarray(SALT_BYTES), NONCE_AT);
  const { ciphertext, tag } = aesGcmEncrypt(
    unboxValueKey(key, committed),
    head.subarray(NONCE_AT),
    valueAad(head.subarray(0, NONCE_AT), place),
    plaintext,
  );
  return Buffer.concat([head, ciphertext, tag]);
}

/**
 * Opens a sealed value.
 * @throws EnvelopeError `malformed`, `unsupported` or `too_large` for bytes that are no sealed value of suite 1;
 * `wrong_key` where the DEK is another; `not_authentic` where the bytes were changed or stand in another place
 */
export function openValue(sealed: Uint8Array, dek: Dek, place: ValuePlace): Buffer {
  return openWithValueKey(sealed, deriveValueKey(dek, sealed), place);
}

/**
 * First half of `openValue`, for callers that cache: the key that opens these sealed bytes and no others.
 * @throws EnvelopeError `malformed`, `unsupported`, `too_large`
 */
export function deriveValueKey(dek: Dek, sealed: Uint8Array): ValueKey {
  checkShape(sealed);
  return new ValueKey(dek, sealed.subarray(SALT_AT, SALT_AT + SALT_BYTES));
}

/** Second half of `openValue`; throws the same errors. */
export function openWithValueKey(sealed: Uint8Array, key: ValueKey, place: ValuePlace): Buffer {
  checkShape(sealed);
  const tagAt = sealed.length - TAG_BYTES;
  return aesGcmDecrypt(
    unboxValueKey(key, sealed.subarray(SALT_AT, NONCE_AT)),
    sealed.subarray(NONCE_AT, CIPHERTEXT_AT),
    valueAad(sealed.subarray(0, NONCE_AT), place),
    sealed.subarray(CIPHERTEXT_AT, tagAt),
    sealed.subarray(tagAt),
  );
}

/**
 * A sealed value with the key that opens it, for callers that open it again and again: all that is the same each time (its
 * shape, the commitment, the bytes of its place) was looked at once. As secret as the key; prints as `[redacted]`.
 */
export class KeptValue extends Redacted {
  readonly #key: KeyObject;
  readonly #nonce: Buffer;
  readonly #aad: Buffer;
  readonly #ciphertext: Buffer;
  readonly #tag: Buffer;

  /**
   * @param sealed is copied: a slice of what came over the wire keeps all of that, kilobytes for a value of a few bytes
   * @throws EnvelopeError as `openWithValueKey`, but for `not_authentic`
   */
  constructor(sealed: Uint8Array, key: ValueKey, place: ValuePlace) {
    super();
    checkShape(sealed);
    this.#key = unboxValueKey(key, sealed.subarray(SALT_AT, NONCE_AT));
    const aad = valueAad(sealed.subarray(0, NONCE_AT), place);
    const own = Buffer.allocUnsafeSlow(aad.length + sealed.length - NONCE_AT);
    own.set(aad);
    own.set(sealed.subarray(NONCE_AT), aad.length);
    const ciphertextAt = aad.length + NONCE_BYTES;
    const tagAt = own.length - TAG_BYTES;
    this.#aad = own.subarray(0, aad.length);
    this.#nonce = own.subarray(aad.length, ciphertextAt);
    this.#ciphertext = own.subarray(ciphertextAt, tagAt);
    this.#tag = own.subarray(tagAt);
  }

  /** As `openWithValueKey` would now, with the same bytes, key and place. @throws EnvelopeError `not_authentic` */
  open(): Buffer {
    return aesGcmDecrypt(this.#key, this.#nonce, this.#aad, this.#ciphertext, this.#tag);
  }
}

// Format and suite come first: another format may have other lengths.
function checkShape(sealed: Uint8Array): void {
  if (sealed.length > 0 && sealed[0] !== FORMAT) throw new EnvelopeError("unsupported");
  if (sealed.length > 1 && sealed[1] !== SUITE) throw new EnvelopeError("unsupported");
  if (sealed.length < SEALED_OVERHEAD_BYTES) throw new EnvelopeError("malformed");
  if (sealed.length > SEALED_OVERHEAD_BYTES + MAX_VALUE_BYTES) throw new EnvelopeError("too_large");
}
