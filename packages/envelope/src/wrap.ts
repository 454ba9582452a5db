import { EnvelopeError } from "./error.ts";
import { type Dek, SecretKey, type TenantKey, unsafelyExportKey } from "./key.ts";
import { decryptKey, encryptKey } from "./key-cipher.ts";
import { type DekPlace, dekWrapAad } from "./place.ts";

/*
 * A wrap, format 1:
 *
 *   offset  0  1  format  0x01
 *           1  1  suite   0x01 (AES-256-GCM)
 *           2  m  body
 *
 * A DEK's body is the 60 bytes of `key-cipher.ts`, so its wrap has 62 bytes. A tenant key's body is whatever its
 * provider of root keys makes; the local provider makes the same 60 bytes. Format and suite are ours: the suite is
 * part of the AAD, the format part of its label.
 */

const FORMAT = 0x01;
/** Wrap suite 1: AES-256-GCM directly under the wrapping key. Wrap suites are numbered apart from value suites. */
export const WRAP_SUITE = 0x01;
const BODY_AT = 2;
/** Longest body that is looked at. A key service's blob has some hundred bytes. */
const MAX_BODY_BYTES = 8192;

/** Puts format and suite before a body. @throws EnvelopeError `malformed` for a body of no bytes or more than 8192 */
export function frameWrap(body: Uint8Array): Buffer {
  if (body.length === 0 || body.length > MAX_BODY_BYTES) throw new EnvelopeError("malformed");
  return Buffer.concat([Buffer.of(FORMAT, WRAP_SUITE), body]);
}

/** The body of a wrap of suite 1. @throws EnvelopeError `unsupported`, `malformed` */
export function wrapBody(wrapped: Uint8Array): Uint8Array {
  if (wrapped.length > 0 && wrapped[0] !== FORMAT) throw new EnvelopeError("unsupported");
  if (wrapped.length > 1 && wrapped[1] !== WRAP_SUITE) throw new EnvelopeError("unsupported");
  if (wrapped.length <= BODY_AT || wrapped.length > BODY_AT + MAX_BODY_BYTES)
    throw new EnvelopeError("malformed");
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
