import { createPrivateKey, createPublicKey, decapsulate, encapsulate, type KeyObject } from "node:crypto";
import { EnvelopeError } from "../error.ts";

/*
 * ML-KEM-768 (FIPS 203) by Node's own OpenSSL. Node takes keys as DER: what stands before a seed of 64 bytes (d ‖ z)
 * in PKCS #8, and before an encapsulation key in a SubjectPublicKeyInfo, is constant (RFC 9935).
 */

export const ML_KEM_SEED_BYTES = 64;
export const ML_KEM_PUBLIC_BYTES = 1184;
export const ML_KEM_CIPHERTEXT_BYTES = 1088;
const SEED_PREFIX = Buffer.from("3054020100300b060960864801650304040204428040", "hex");
const PUBLIC_PREFIX = Buffer.from("308204b2300b0609608648016503040402038204a100", "hex");

/** The decapsulation key that a seed expands to. The caller zeroes the seed. @throws EnvelopeError `malformed` */
export function mlKemPrivateKey(seed: Uint8Array): KeyObject {
  if (seed.length !== ML_KEM_SEED_BYTES) throw new EnvelopeError("malformed");
  const der = Buffer.concat([SEED_PREFIX, seed]);
  try {
    return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  } finally {
    der.fill(0);
  }
}

/** An encapsulation key. @throws EnvelopeError `malformed` also where it fails FIPS 203's modulus check */
export function mlKemPublicKey(bytes: Uint8Array): KeyObject {
  if (bytes.length !== ML_KEM_PUBLIC_BYTES) throw new EnvelopeError("malformed");
  try {
    return createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, bytes]), format: "der", type: "spki" });
  } catch {
    throw new EnvelopeError("malformed");
  }
}

/** The 1184 bytes of the encapsulation key of either half of a pair. */
export function mlKemPublicBytes(key: KeyObject): Buffer {
  const half = key.type === "private" ? createPublicKey(key) : key;
  return half.export({ format: "der", type: "spki" }).subarray(PUBLIC_PREFIX.length);
}

/** A fresh shared secret of 32 bytes, and its ciphertext. */
export function mlKemEncapsulate(key: KeyObject): { shared: Buffer; ciphertext: Buffer } {
  const { sharedKey, ciphertext } = encapsulate(key);
  return { shared: sharedKey as Buffer, ciphertext: ciphertext as Buffer };
}

/**
 * The shared secret of 32 bytes. A ciphertext that was made for another key, or changed, gives another secret and no
 * error (implicit rejection).
 * @throws EnvelopeError `malformed` for any other length than 1088
 */
export function mlKemDecapsulate(key: KeyObject, ciphertext: Uint8Array): Buffer {
  if (ciphertext.length !== ML_KEM_CIPHERTEXT_BYTES) throw new EnvelopeError("malformed");
  return decapsulate(key, ciphertext) as Buffer;
}
