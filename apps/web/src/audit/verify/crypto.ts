import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { Buffer } from "./buffer.ts";

/*
 * What the ledger takes from node:crypto, for a browser: the same names over the Noble libraries, synchronous as the
 * verifier is. Nothing here makes a key or a signature.
 */

export function hash(algorithm: "sha256", bytes: Uint8Array, _encoding: "buffer"): Uint8Array {
  if (algorithm !== "sha256") throw new Error("only SHA-256 is known here");
  return Buffer.from(sha256(bytes));
}

/** @param key an Ed25519 key in DER (RFC 8410 §4), which ends with its 32 bytes */
export const createPublicKey = ({ key }: { key: Uint8Array }): Uint8Array => key.slice(-32);

/** Ed25519 as RFC 8032 §5.1.7 verifies it. */
export function verify(
  _algorithm: null,
  bytes: Uint8Array,
  publicKey: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return ed25519.verify(signature, bytes, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

export function randomFillSync(): never {
  throw new Error("nothing is written here, so nothing is salted");
}
