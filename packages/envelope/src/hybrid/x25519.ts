import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from "node:crypto";
import { EnvelopeError } from "../error.ts";

/* X25519 (RFC 7748) by Node's own OpenSSL, with raw keys of 32 bytes behind the constant DER of RFC 8410. */

export const X25519_BYTES = 32;
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");
const PUBLIC_PREFIX = Buffer.from("302a300506032b656e032100", "hex");

/** A private key. The caller zeroes the bytes. @throws EnvelopeError `malformed` */
export function x25519PrivateKey(bytes: Uint8Array): KeyObject {
  if (bytes.length !== X25519_BYTES) throw new EnvelopeError("malformed");
  const der = Buffer.concat([PRIVATE_PREFIX, bytes]);
  try {
    return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  } finally {
    der.fill(0);
  }
}

/** A public key. @throws EnvelopeError `malformed` */
export function x25519PublicKey(bytes: Uint8Array): KeyObject {
  if (bytes.length !== X25519_BYTES) throw new EnvelopeError("malformed");
  return createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, bytes]), format: "der", type: "spki" });
}

/** The 32 bytes of the public key of either half of a pair. */
export function x25519PublicBytes(key: KeyObject): Buffer {
  const half = key.type === "private" ? createPublicKey(key) : key;
  return half.export({ format: "der", type: "spki" }).subarray(PUBLIC_PREFIX.length);
}

/** The shared secret of 32 bytes. @throws EnvelopeError `not_authentic` for a point of low order: all zeros */
export function x25519(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  try {
    return diffieHellman({ privateKey, publicKey });
  } catch {
    throw new EnvelopeError("not_authentic");
  }
}
