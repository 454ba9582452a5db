import { EnvelopeError } from "./error.ts";
import { hybridOpener, openHybridBody, rootOpenerOf, sealHybridBody } from "./hybrid/hybrid-wrap.ts";
import type { XWingPrivateKey, XWingPublicKey } from "./hybrid/x-wing.ts";
import { SecretKey, type TenantKey, unsafelyExportKey } from "./key.ts";
import { type KeyPlace, keyWrapAad } from "./place.ts";
import { frameWrap, HYBRID_WRAP_SUITE, WRAP_SUITE, type WrapSuite, wrapBody } from "./wrap.ts";

/** A root key by name; holds nothing secret. */
export interface RootKeyRef {
  /** Names the key in wraps and to people, e.g. `local:ab12cd34ef56ab78`. Printable ASCII, at most 512 characters. */
  id: string;
  /** The provider's `kind`. */
  provider: string;
  /** The service's own number for the key, where it counts; else "1". */
  keyVersion: string;
}

/**
 * A place that holds a root key (KEK) and uses it for us. One interface for all: a local key, AWS KMS, Google Cloud
 * KMS, Azure Key Vault, Vault Transit, PKCS#11.
 *
 * The AAD names the opener, so the opener is chosen before the AAD is built: a caller asks for `current()` and hands
 * its id to `wrap`, and a provider whose key changed between the two still uses the named one, or refuses with
 * `unknown_opener` and is asked again.
 *
 * `wrap` and `unwrap` bind the AAD, byte for byte. A service that takes no AAD, or only a map of strings, is given
 * its SHA-256 there, or wraps a random inner key while the provider itself binds the AAD by AES-256-GCM under it.
 * What comes out of `wrap` is opaque to everyone else, at most 8192 bytes.
 *
 * Failures are EnvelopeErrors: `not_authentic` (the key refused the bytes), `unknown_opener` (not my key),
 * `provider_unavailable` (I could not ask). Nothing else is passed on to a caller.
 */
export interface RootKeyProvider {
  readonly kind: string;
  /** The root key that new wraps are made under. */
  current(): Promise<RootKeyRef>;
  /** Wraps 32 bytes of key under the root key named `opener`. Does not keep `key`; the caller zeroes it. */
  wrap(key: Uint8Array, aad: Uint8Array, opener: string): Promise<Buffer>;
  /** Back to 32 bytes, which the caller zeroes. */
  unwrap(wrapped: Uint8Array, aad: Uint8Array, opener: string): Promise<Buffer>;
  /** The id of its one root key, where only that key's sealing half is here: `unwrap` answers `unknown_opener`. */
  readonly onlySeals?: string;
  /**
   * The id of its one root key, where a public key is enough to wrap under it: what it unwraps may come from anybody, unless
   * something else vouches for it.
   */
  readonly anybodySeals?: string;
  /** Whether the provider would answer now. Never throws; `reason` is a sentence for an operator. */
  health(): Promise<{ ok: true } | { ok: false; reason: string }>;
}

/** A tenant key, wrapped under one opener: what a row of wraps stores. */
export interface WrappedKey {
  opener: string;
  provider: string;
  /** The service's own number for the root key when it was asked which one is current. */
  keyVersion: string;
  suite: WrapSuite;
  wrapped: Buffer;
}

/**
 * Wraps a tenant key (or a key of the deployment) under a provider's current root key.
 * @param hybrid makes a wrap of suite 2, which it takes the root key and this key's private half to open
 * @throws EnvelopeError `malformed`, `provider_unavailable`, `unknown_opener`
 */
export async function wrapKey(
  provider: RootKeyProvider,
  key: TenantKey,
  place: Omit<KeyPlace, "opener">,
  hybrid?: XWingPublicKey,
): Promise<WrappedKey> {
  const root = await asked(() => provider.current());
  const suite = hybrid === undefined ? WRAP_SUITE : HYBRID_WRAP_SUITE;
  const opener = hybrid === undefined ? root.id : hybridOpener(root.id, hybrid);
  const aad = keyWrapAad(suite, { ...place, opener });
  const wrapByRoot = (bytes: Uint8Array) => asked(() => provider.wrap(bytes, aad, root.id));
  const bytes = unsafelyExportKey(key);
  try {
    const wrapped =
      hybrid === undefined
        ? frameWrap(await wrapByRoot(bytes))
        : await sealHybridBody(bytes, aad, hybrid, wrapByRoot);
    const { provider: kind, keyVersion } = root;
    return { opener, provider: kind, keyVersion, suite, wrapped };
  } finally {
    bytes.fill(0);
  }
}

/**
 * Unwraps a tenant key (or a key of the deployment).
 * @param hybrid given for a wrap of suite 2, and only then: the bytes never choose how they are opened
 * @throws EnvelopeError `unknown_opener` where provider and `hybrid` are not `place.opener`; `malformed`, `unsupported`;
 * `not_authentic` where the bytes were changed or stand in another place; `provider_unavailable`
 */
export async function unwrapKey(
  provider: RootKeyProvider,
  wrapped: Uint8Array,
  place: KeyPlace,
  hybrid?: XWingPrivateKey,
): Promise<TenantKey> {
  if (hybrid === undefined) {
    const aad = keyWrapAad(WRAP_SUITE, place);
    const body = wrapBody(wrapped);
    return SecretKey.fromBytes(await asked(() => provider.unwrap(body, aad, place.opener)));
  }
  const aad = keyWrapAad(HYBRID_WRAP_SUITE, place);
  const root = rootOpenerOf(place.opener, hybrid);
  return SecretKey.fromBytes(
    await openHybridBody(wrapped, aad, hybrid, (part) => asked(() => provider.unwrap(part, aad, root))),
  );
}

// What a key service's client throws may quote the request: only our own errors pass, with their fixed sentences.
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof EnvelopeError ? error : new EnvelopeError("provider_unavailable");
  }
}
