import { createHash, createSecretKey, randomBytes } from "node:crypto";
import { KEY_BYTES } from "../aes-gcm.ts";
import { EnvelopeError } from "../error.ts";
import { encodeFields } from "../fields.ts";
import { hkdfSha512 } from "../hkdf.ts";
import { SecretKey } from "../key.ts";
import { decryptKey, ENCRYPTED_KEY_BYTES, encryptKey } from "../key-cipher.ts";
import { frameWrap, HYBRID_WRAP_SUITE, MAX_BODY_BYTES, wrapBody } from "../wrap.ts";
import { X_WING_CIPHERTEXT_BYTES, type XWingPrivateKey, type XWingPublicKey } from "./x-wing.ts";

/*
 * The body of a wrap of suite 2, `hybrid-quantum`:
 *
 *   offset    0  1120  X-Wing ciphertext
 *          1120    60  the key under the wrap key, as in `key-cipher.ts`
 *          1180     m  a random part of 32 bytes, wrapped by the provider of root keys: 1 to 8192 bytes
 *
 *   wrap key = HKDF-SHA-512(X-Wing's secret 32 ‖ the part 32, no salt,
 *                           info = fields("keyfold/hybrid-wrap/v1", SHA-256(X-Wing ciphertext), SHA-256(wrapped part)))
 *
 * Both secrets go into one extraction and have a fixed length, so whoever lacks either knows nothing of the wrap key
 * (NIST SP 800-56C Rev. 2, section 2: Z' = Z ‖ T). Both ciphertexts stand in the info: neither can be exchanged for
 * another one that leads to the same secret. Provider and AES-256-GCM bind the same AAD, which names suite 2 and the
 * opener: the root key's id, "+", and the id of the X-Wing key.
 */

const ENCRYPTED_KEY_AT = X_WING_CIPHERTEXT_BYTES;
const PART_AT = ENCRYPTED_KEY_AT + ENCRYPTED_KEY_BYTES;
const MAX_HYBRID_BODY_BYTES = PART_AT + MAX_BODY_BYTES;
const PART_BYTES = 32;
const LABEL = "keyfold/hybrid-wrap/v1";
const NO_SALT = new Uint8Array(0);
const OPENER = /^(.+)\+(xwing:[0-9a-f]{16})$/;

/** The opener of a hybrid wrap: both ids that it takes, e.g. `local:ab12cd34ef56ab78+xwing:0123456789abcdef`. */
export const hybridOpener = (root: string, { id }: Pick<XWingPublicKey, "id">): string => `${root}+${id}`;

/** The two ids in a hybrid wrap's opener; undefined for the opener of a wrap of suite 1. */
export function splitHybridOpener(opener: string): { root: string; hybrid: string } | undefined {
  const [, root, hybrid] = OPENER.exec(opener) ?? [];
  return root === undefined || hybrid === undefined ? undefined : { root, hybrid };
}

/** The root key's id. @throws EnvelopeError `unknown_opener` where the opener is not hybrid, or names another X-Wing key */
export function rootOpenerOf(opener: string, { publicKey }: XWingPrivateKey): string {
  const named = splitHybridOpener(opener);
  if (named?.hybrid === publicKey.id) return named.root;
  throw new EnvelopeError(
    "unknown_opener",
    `The key is wrapped to ${named?.hybrid ?? "no hybrid seed"}, but the hybrid seed here is ${publicKey.id}.`,
  );
}

/**
 * Wraps 32 bytes of key: the whole wrap, format and suite included.
 * @param wrapPart wraps 32 bytes under the root key, with the same AAD; it may not keep them
 */
export async function sealHybridBody(
  key: Uint8Array,
  aad: Uint8Array,
  hybrid: XWingPublicKey,
  wrapPart: (part: Uint8Array) => Promise<Uint8Array>,
): Promise<Buffer> {
  const part = randomBytes(PART_BYTES);
  try {
    const wrappedPart = await wrapPart(part);
    const { shared, ciphertext } = hybrid.encapsulate();
    return assembleHybrid(key, aad, { shared, ciphertext, part, wrappedPart });
  } finally {
    part.fill(0);
  }
}

/** The same with everything given, and the secrets zeroed: for the frozen vectors. */
export function assembleHybrid(
  key: Uint8Array,
  aad: Uint8Array,
  made: { shared: Buffer; ciphertext: Uint8Array; part: Buffer; wrappedPart: Uint8Array },
  nonce?: Uint8Array,
): Buffer {
  const { ciphertext, wrappedPart } = made;
  const encrypted = encryptKey(key, wrapKeyFrom(made), aad, nonce);
  const body = Buffer.concat([ciphertext, encrypted, wrappedPart]);
  if (wrappedPart.length === 0) throw new EnvelopeError("malformed");
  return frameWrap(body, HYBRID_WRAP_SUITE, MAX_HYBRID_BODY_BYTES);
}

/**
 * Back to 32 bytes of key, which the caller zeroes.
 * @throws EnvelopeError `malformed`, `unsupported`, `not_authentic`
 */
export async function openHybridBody(
  wrapped: Uint8Array,
  aad: Uint8Array,
  hybrid: XWingPrivateKey,
  unwrapPart: (wrappedPart: Uint8Array) => Promise<Buffer>,
): Promise<Buffer> {
  const body = wrapBody(wrapped, HYBRID_WRAP_SUITE, MAX_HYBRID_BODY_BYTES);
  if (body.length <= PART_AT) throw new EnvelopeError("malformed");
  const ciphertext = body.subarray(0, ENCRYPTED_KEY_AT);
  const wrappedPart = body.subarray(PART_AT);
  const part = await unwrapPart(wrappedPart);
  try {
    if (part.length !== PART_BYTES) throw new EnvelopeError("malformed");
    const wrapKey = wrapKeyFrom({ shared: hybrid.decapsulate(ciphertext), ciphertext, part, wrappedPart });
    return decryptKey(body.subarray(ENCRYPTED_KEY_AT, PART_AT), wrapKey, aad);
  } finally {
    part.fill(0);
  }
}

/** Zeroes both secrets. */
function wrapKeyFrom(of: {
  shared: Buffer;
  ciphertext: Uint8Array;
  part: Buffer;
  wrappedPart: Uint8Array;
}): SecretKey {
  const secrets = Buffer.concat([of.shared, of.part]);
  of.shared.fill(0);
  of.part.fill(0);
  const info = encodeFields([LABEL, sha256(of.ciphertext), sha256(of.wrappedPart)]);
  try {
    return SecretKey.fromBytes(hkdfSha512(createSecretKey(secrets), NO_SALT, info, KEY_BYTES));
  } finally {
    secrets.fill(0);
  }
}

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
