import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { EnvelopeError } from "../error.ts";
import { type SecretKey, unsafelyExportKey } from "../key.ts";
import { localRootKeyId } from "../local-provider.ts";
import { Redacted } from "../redacted.ts";
import {
  ML_KEM_CIPHERTEXT_BYTES,
  ML_KEM_PUBLIC_BYTES,
  ML_KEM_SEED_BYTES,
  mlKemDecapsulate,
  mlKemEncapsulate,
  mlKemPrivateKey,
  mlKemPublicBytes,
  mlKemPublicKey,
} from "./ml-kem.ts";
import { X25519_BYTES, x25519, x25519PrivateKey, x25519PublicBytes, x25519PublicKey } from "./x25519.ts";

/*
 * X-Wing (draft-connolly-cfrg-xwing-kem): a KEM that holds as long as one of ML-KEM-768 and X25519 does.
 *
 *   seed 32 ──SHAKE-256──▶ ML-KEM-768 seed 64 (d ‖ z) ‖ X25519 private key 32
 *   public key  1216 = ML-KEM encapsulation key 1184 ‖ X25519 public key 32
 *   ciphertext  1120 = ML-KEM ciphertext 1088 ‖ ephemeral X25519 public key 32
 *   shared secret 32 = SHA3-256(ML-KEM secret ‖ X25519 secret ‖ ephemeral X25519 key ‖ X25519 public key ‖ label)
 *
 * Stricter than the draft in one place: a ciphertext whose X25519 point has low order is refused (by OpenSSL), where
 * the draft would go on with a secret of zeros. Nobody who encapsulates makes one.
 */

export const X_WING_PUBLIC_BYTES = ML_KEM_PUBLIC_BYTES + X25519_BYTES;
export const X_WING_CIPHERTEXT_BYTES = ML_KEM_CIPHERTEXT_BYTES + X25519_BYTES;
const LABEL = Buffer.from("5c2e2f2f5e5c", "hex"); // \.//^\
const FINGERPRINT_HEX = 16;

/** The half to which anybody may encapsulate. */
export class XWingPublicKey {
  /** 1216 bytes. Not secret. */
  readonly bytes: Buffer;
  /** `xwing:` and the first 16 hex digits of the SHA-256 of the public key. */
  readonly id: string;
  readonly #mlKem: KeyObject;
  readonly #x25519: KeyObject;

  /** @throws EnvelopeError `malformed` for another length than 1216, or an encapsulation key that FIPS 203 refuses */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== X_WING_PUBLIC_BYTES) throw new EnvelopeError("malformed");
    this.bytes = Buffer.from(bytes);
    this.id = `xwing:${createHash("sha256").update(bytes).digest("hex").slice(0, FINGERPRINT_HEX)}`;
    this.#mlKem = mlKemPublicKey(this.bytes.subarray(0, ML_KEM_PUBLIC_BYTES));
    this.#x25519 = x25519PublicKey(this.bytes.subarray(ML_KEM_PUBLIC_BYTES));
  }

  /** A fresh shared secret of 32 bytes, which the caller zeroes, and the 1120 bytes that lead the private key to it. */
  encapsulate(): { shared: Buffer; ciphertext: Buffer } {
    const mlKem = mlKemEncapsulate(this.#mlKem);
    const ephemeral = generateKeyPairSync("x25519");
    const point = x25519PublicBytes(ephemeral.publicKey);
    const shared = combine(
      mlKem.shared,
      x25519(ephemeral.privateKey, this.#x25519),
      point,
      this.bytes.subarray(ML_KEM_PUBLIC_BYTES),
    );
    return { shared, ciphertext: Buffer.concat([mlKem.ciphertext, point]) };
  }
}

/** The half that opens, from a seed; its keys are KeyObjects in private fields. Prints as `[redacted]`. */
export class XWingPrivateKey extends Redacted {
  readonly publicKey: XWingPublicKey;
  /** The id that the seed would have as a local root key: it must not be one that it is combined with. */
  readonly asRootKey: string;
  readonly #mlKem: KeyObject;
  readonly #x25519: KeyObject;

  constructor(seed: SecretKey) {
    super();
    this.asRootKey = localRootKeyId(seed);
    const bytes = unsafelyExportKey(seed);
    const expanded = createHash("shake256", { outputLength: ML_KEM_SEED_BYTES + X25519_BYTES })
      .update(bytes)
      .digest();
    this.#mlKem = mlKemPrivateKey(expanded.subarray(0, ML_KEM_SEED_BYTES));
    this.#x25519 = x25519PrivateKey(expanded.subarray(ML_KEM_SEED_BYTES));
    bytes.fill(0);
    expanded.fill(0);
    this.publicKey = new XWingPublicKey(
      Buffer.concat([mlKemPublicBytes(this.#mlKem), x25519PublicBytes(this.#x25519)]),
    );
  }

  /**
   * The shared secret of 32 bytes, which the caller zeroes. A ciphertext that was changed, or made for another key,
   * gives another secret: whoever uses the secret must notice.
   * @throws EnvelopeError `malformed` for any other length than 1120; `not_authentic` for a point of low order
   */
  decapsulate(ciphertext: Uint8Array): Buffer {
    if (ciphertext.length !== X_WING_CIPHERTEXT_BYTES) throw new EnvelopeError("malformed");
    const point = ciphertext.subarray(ML_KEM_CIPHERTEXT_BYTES);
    const outer = x25519(this.#x25519, x25519PublicKey(point));
    return combine(
      mlKemDecapsulate(this.#mlKem, ciphertext.subarray(0, ML_KEM_CIPHERTEXT_BYTES)),
      outer,
      point,
      this.publicKey.bytes.subarray(ML_KEM_PUBLIC_BYTES),
    );
  }
}

/** Zeroes both secrets once they are used. */
function combine(mlKem: Buffer, outer: Buffer, point: Uint8Array, publicPoint: Uint8Array): Buffer {
  const shared = createHash("sha3-256")
    .update(mlKem)
    .update(outer)
    .update(point)
    .update(publicPoint)
    .update(LABEL)
    .digest();
  mlKem.fill(0);
  outer.fill(0);
  return shared;
}
