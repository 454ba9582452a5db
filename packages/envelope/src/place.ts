import { EnvelopeError } from "./error.ts";
import { FieldWriter } from "./fields.ts";

/*
 * A place says where a ciphertext belongs. It is authenticated and not encrypted (AAD): a ciphertext that stands
 * anywhere else refuses to open. Encodings are those of `fields.ts`; `docs/envelope-v1.md` repeats them.
 *
 *   value     "keyfold/value/v1" ‖ header (66 bytes: format, suite, salt, commitment)
 *             ‖ deployment ‖ tenant ‖ project ‖ environment ‖ secret ‖ version (u64)
 *   DEK wrap  "keyfold/dek-wrap/v1" ‖ deployment ‖ purpose ‖ tenant ‖ term (u32) ‖ suite (u8) ‖ secret ‖ version (u64)
 *   key wrap  "keyfold/key-wrap/v1" ‖ deployment ‖ purpose ‖ tenant ‖ term (u32) ‖ opener ‖ suite (u8)
 *
 * The value's AAD names no term, no root key and no wrap suite, so that a rewrap leaves values untouched.
 */

/** What a key is for. `value` and `digest` keys belong to tenants, `integrity`, `token` and `signing` keys to the deployment. */
export type KeyPurpose = "value" | "digest" | "integrity" | "token" | "signing";

/** Where a sealed value belongs. Ids are canonical lower-case UUIDs; `version` counts from 1. */
export interface ValuePlace {
  deployment: string;
  tenant: string;
  project: string;
  environment: string;
  secret: string;
  version: number;
}

/** Where a wrapped DEK belongs: under which key (`tenant`, `purpose`, `term`), and for which version of which secret. */
export interface DekPlace {
  deployment: string;
  tenant: string;
  purpose: KeyPurpose;
  /** Number of the wrapping key, from 1 to 2^32 - 1. */
  term: number;
  secret: string;
  version: number;
}

/** Where a wrapped tenant key (or key of the deployment: then `tenant` is the deployment's id) belongs. */
export interface KeyPlace {
  deployment: string;
  tenant: string;
  purpose: KeyPurpose;
  /** From 1 to 2^32 - 1. */
  term: number;
  /** Id of the root key under which it is wrapped: printable ASCII, at most 512 characters. */
  opener: string;
}

export const VALUE_LABEL = "keyfold/value/v1";
export const DEK_WRAP_LABEL = "keyfold/dek-wrap/v1";
export const KEY_WRAP_LABEL = "keyfold/key-wrap/v1";

export const MAX_OPENER_LENGTH = 512;

const belongsToDeployment: Record<KeyPurpose, boolean> = {
  value: false,
  digest: false,
  integrity: true,
  token: true,
  signing: true,
};

const UUID = 4 + 16;
const U8 = 4 + 1;
const U32 = 4 + 4;
const U64 = 4 + 8;

/** The AAD of a sealed value. `header` is the sealed value's first 66 bytes. @throws EnvelopeError `malformed` */
export function valueAad(header: Uint8Array, place: ValuePlace): Buffer {
  return new FieldWriter(4 + VALUE_LABEL.length + 4 + header.length + 5 * UUID + U64)
    .ascii(VALUE_LABEL)
    .bytes(header)
    .uuid(place.deployment)
    .uuid(place.tenant)
    .uuid(place.project)
    .uuid(place.environment)
    .uuid(place.secret)
    .u64(checkedVersion(place.version))
    .done();
}

/** The AAD of a wrapped DEK. @throws EnvelopeError `malformed` */
export function dekWrapAad(suite: number, place: DekPlace): Buffer {
  const purpose = checkedPurpose(place);
  return new FieldWriter(4 + DEK_WRAP_LABEL.length + 4 + purpose.length + 3 * UUID + U32 + U8 + U64)
    .ascii(DEK_WRAP_LABEL)
    .uuid(place.deployment)
    .ascii(purpose)
    .uuid(place.tenant)
    .u32(checkedTerm(place.term))
    .u8(suite)
    .uuid(place.secret)
    .u64(checkedVersion(place.version))
    .done();
}

/** The AAD of a wrapped tenant key or deployment key. @throws EnvelopeError `malformed` */
export function keyWrapAad(suite: number, place: KeyPlace): Buffer {
  const purpose = checkedPurpose(place);
  const opener = checkedOpener(place.opener);
  return new FieldWriter(
    4 + KEY_WRAP_LABEL.length + 4 + purpose.length + 4 + opener.length + 2 * UUID + U32 + U8,
  )
    .ascii(KEY_WRAP_LABEL)
    .uuid(place.deployment)
    .ascii(purpose)
    .uuid(place.tenant)
    .u32(checkedTerm(place.term))
    .ascii(opener)
    .u8(suite)
    .done();
}

function checkedVersion(version: number): number {
  if (Number.isSafeInteger(version) && version >= 1) return version;
  throw new EnvelopeError("malformed", "A place names a version that is not a whole number from 1.");
}

function checkedTerm(term: number): number {
  if (Number.isInteger(term) && term >= 1 && term <= 0xffff_ffff) return term;
  throw new EnvelopeError("malformed", "A place names a term that is not a whole number from 1 to 2^32 - 1.");
}

function checkedPurpose(place: { deployment: string; tenant: string; purpose: KeyPurpose }): KeyPurpose {
  const { deployment, tenant, purpose } = place;
  if (!Object.hasOwn(belongsToDeployment, purpose)) {
    throw new EnvelopeError("malformed", "A place names a purpose that no key has.");
  }
  if (belongsToDeployment[purpose] && tenant !== deployment) {
    throw new EnvelopeError("malformed", "A key of the deployment names a tenant other than the deployment.");
  }
  return purpose;
}

function checkedOpener(opener: string): string {
  if (opener.length <= MAX_OPENER_LENGTH && /^[\x21-\x7e]+$/.test(opener)) return opener;
  throw new EnvelopeError(
    "malformed",
    "A place names an opener that is not 1 to 512 printable ASCII characters.",
  );
}
