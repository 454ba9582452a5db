import { EnvelopeError } from "./error.ts";
import { type Dek, SecretKey, type TenantKey, unsafelyExportKey } from "./key.ts";
import { decryptKey, encryptKey } from "./key-cipher.ts";
import { type DekPlace, dekWrapAad } from "./place.ts";

/*
 * A wrap, format 1:
 *
 *   offset  0  1  format  0x01
 *           1  1  suite   0x01 (AES-256-GCM) or 0x02 (hybrid-quantum)
 *           2  m  body
 *
 * A DEK's wrap is of suite 1 always; its body is the 60 bytes of `key-cipher.ts`, so it has 62 bytes. A tenant key's body
 * of suite 1 is whatever its provider of root keys makes; the local provider makes the same 60 bytes. For suite 2 see
 * `hybrid/hybrid-wrap.ts`. Format and suite are ours: the suite is part of the AAD, the format part of its label.
 */

const FORMAT = 0x01;
/** Wrap suite 1: AES-256-GCM directly under the wrapping key. Wrap suites are numbered apart from value suites. */
export const WRAP_SUITE = 0x01;
/** Wrap suite 2, `hybrid-quantum`: under a key that takes X-Wing and the root key to make. Tenant keys only. */
export const HYBRID_WRAP_SUITE = 0x02;
export type WrapSuite = typeof WRAP_SUITE | typeof HYBRID_WRAP_SUITE;
const BODY_AT = 2;
/** Longest body that is looked at. A key service's blob has some hundred bytes. */
export const MAX_BODY_BYTES = 8192;

/**
 * Puts format and suite before a body.
 * @param most bytes that the body may have
 * @throws EnvelopeError `malformed` for a body of none, or of more
 */
export function frameWrap(
  body: Uint8Array,
  suite: WrapSuite = WRAP_SUITE,
  most: number = MAX_BODY_BYTES,
): Buffer {
  if (body.length === 0 || body.length > most) throw new EnvelopeError("malformed");
  return Buffer.concat([Buffer.of(FORMAT, suite), body]);
}

/** The body of a wrap of this suite and of no other. @throws EnvelopeError `unsupported`, `malformed` */
export function wrapBody(
  wrapped: Uint8Array,
  suite: WrapSuite = WRAP_SUITE,
  most: number = MAX_BODY_BYTES,
): Uint8Array {
  if (wrapped.length > 0 && wrapped[0] !== FORMAT) throw new EnvelopeError("unsupported");
  if (wrapped.length > 1 && wrapped[1] !== suite) throw new EnvelopeError("unsupported");
  if (wrapped.length <= BODY_AT || wrapped.length > BODY_AT + most) throw new EnvelopeError("malformed");
  return wrapped.subarray(BODY_AT);
}

/** Wraps a DEK under its tenant's key: 62 bytes. @throws EnvelopeError `malformed` for a place that is none */
export function wrapDek(dek: Dek, tenantKey: TenantKey, place: DekPlace): Buffer {
  const bytes = unsafelyExportKey(dek);
  try {
    return frameWrap(encryptKey(bytes, tenantKey, dekWrapAad(WRAP_SUITE, place)));
  } finally {
    bytes.fill(0);
  }
}

/**
 * Unwraps a DEK.
 * @throws EnvelopeError `malformed` or `unsupported` for bytes that are no wrap of suite 1; `not_authentic` where the
 * tenant key is another, or the bytes were changed or stand in another place
 */
export function unwrapDek(wrapped: Uint8Array, tenantKey: TenantKey, place: DekPlace): Dek {
  return SecretKey.fromBytes(decryptKey(wrapBody(wrapped), tenantKey, dekWrapAad(WRAP_SUITE, place)));
}
