import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { type SecretKey, unsafelyExportKey } from "./key.ts";
import { Redacted } from "./redacted.ts";

// RFC 8410 §7: a PKCS #8 private key of Ed25519, before its seed of 32 bytes.
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_BYTES = 32;

/** An Ed25519 key (RFC 8032) whose seed is a key of 32 bytes. Prints as `[redacted]`. */
export class SigningKey extends Redacted {
  readonly #key: KeyObject;
  /** 32 bytes; no secret. */
  readonly publicKey: Buffer;

  /** @param seed a key that is used for nothing else */
  constructor(seed: SecretKey) {
    super();
    const bytes = unsafelyExportKey(seed);
    const der = Buffer.concat([PKCS8, bytes]);
    try {
      this.#key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    } finally {
      bytes.fill(0);
      der.fill(0);
    }
    const spki = createPublicKey(this.#key).export({ format: "der", type: "spki" });
    this.publicKey = spki.subarray(spki.length - PUBLIC_BYTES);
  }

  /** 64 bytes over the given ones, always the same for the same. */
  sign(bytes: Uint8Array): Buffer {
    return sign(null, bytes, this.#key);
  }
}
