import { createHmac, createSecretKey, generateKeySync, type KeyObject } from "node:crypto";
import { KEY_BYTES } from "./aes-gcm.ts";
import { EnvelopeError } from "./error.ts";
import { encodeFields } from "./fields.ts";
import { hkdfSha512 } from "./hkdf.ts";
import { Redacted } from "./redacted.ts";

const CHECK_LABEL = "keyfold/check/v1";
const DERIVE_LABEL = "keyfold/derive/v1";
const CHECK_BYTES = 16;
const NO_SALT = new Uint8Array(0);

let keyObjectInside: (key: SecretKey) => KeyObject;

/** A key of 32 bytes, kept outside of JavaScript's heap (a KeyObject in a private field). Prints as `[redacted]`. */
export class SecretKey extends Redacted {
  readonly #key: KeyObject;

  static {
    keyObjectInside = (key) => key.#key;
  }

  private constructor(key: KeyObject) {
    super();
    this.#key = key;
  }

  /** A fresh random key; its bytes never pass through a Buffer. */
  static generate(): SecretKey {
    return new SecretKey(generateKeySync("aes", { length: KEY_BYTES * 8 }));
  }

  /**
   * Takes 32 bytes over: copies them into a key, and zeroes the given array, also when it refuses.
   * @throws EnvelopeError `malformed` for any other length
   */
  static fromBytes(bytes: Uint8Array): SecretKey {
    try {
      if (bytes.length !== KEY_BYTES) throw new EnvelopeError("malformed", "A key has 32 bytes.");
      return new SecretKey(createSecretKey(bytes));
    } finally {
      bytes.fill(0);
    }
  }

  /**
   * 16 bytes that tell whether two keys are the same, and nothing else about them; not secret.
   * HKDF-SHA-512, no salt, info "keyfold/check/v1".
   */
  checkValue(): Buffer {
    return hkdfSha512(this.#key, NO_SALT, CHECK_LABEL, CHECK_BYTES);
  }

  /**
   * Another key drawn from this one: HKDF-SHA-512, no salt, info = fields("keyfold/derive/v1", info, context).
   * @throws EnvelopeError `malformed` where info and context together exceed about 990 bytes
   */
  derive(info: string, context: Uint8Array = NO_SALT): SecretKey {
    return SecretKey.fromBytes(
      hkdfSha512(this.#key, NO_SALT, encodeFields([DERIVE_LABEL, info, context]), KEY_BYTES),
    );
  }

  /**
   * HMAC-SHA-256 (RFC 2104) over the parts one after the other, strings as UTF-8: 32 bytes. Nothing is put between
   * the parts; where they could be cut differently, encode them with `encodeFields` first.
   */
  hmacSha256(...parts: readonly (Uint8Array | string)[]): Buffer {
    const hmac = createHmac("sha256", this.#key);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  }
}

/** A data encryption key: fresh for every version, used for one encryption only. */
export type Dek = SecretKey;
/** A key of one tenant (or of the deployment), numbered by term, stored wrapped under root keys. */
export type TenantKey = SecretKey;

/** A copy of the key's 32 bytes. The caller zeroes it as soon as it can; nothing else may hold it. */
export function unsafelyExportKey(key: SecretKey): Buffer {
  return keyObjectInside(key).export();
}

/** The KeyObject inside, for this package's ciphers only: a KeyObject can be exported and cloned, a SecretKey cannot. */
export function unsafelyUnboxKey(key: SecretKey): KeyObject {
  return keyObjectInside(key);
}
