import { randomBytes, timingSafeEqual } from "node:crypto";
import { EnvelopeError, type RootKeyProvider } from "@keyfold/envelope";
import { type CalledService, type ResilienceOptions, resilientCalls } from "./resilience.ts";
import { ServiceFailure } from "./service-failure.ts";
import { systemTimer } from "./timer.ts";

const KEY_BYTES = 32;
/** The envelope takes no longer body. */
const MAX_WRAPPED_BYTES = 8192;
const VERSION_IS_FRESH_MS = 5 * 60_000;
const PROBE_AAD = Buffer.from("keyfold/probe/v1");

/**
 * One key in one key service, as a vendor's file describes it: how to ask, and what a failure means. Everything that
 * is the same for all (names, sizes, time-outs, retries, health) is in `keyServiceProvider`.
 */
export interface KeyService extends CalledService {
  /** The opener, e.g. `aws-kms:arn:…`: printable ASCII, at most 512 characters, no version in it. */
  id: string;
  /** Wraps 32 bytes, bound to the AAD; with the version of the key that did it, where the service tells. */
  wrap(
    key: Uint8Array,
    aad: Uint8Array,
    signal: AbortSignal,
  ): Promise<{ wrapped: Uint8Array; keyVersion?: string }>;
  unwrap(wrapped: Uint8Array, aad: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  /** The version that wraps now, where wrapping does not tell it. */
  keyVersion?(signal: AbortSignal): Promise<string>;
}

/** A provider of root keys over a key service. */
export function keyServiceProvider(
  service: KeyService,
  options: Partial<ResilienceOptions> = {},
): RootKeyProvider {
  const call = resilientCalls(service, options);
  const { timer = systemTimer } = options;
  const notGivenBack = `A key that was wrapped to try ${service.title} did not come back as it was.`;
  let version: { name: string; at: number } | undefined;

  function checkOpener(opener: string): void {
    if (opener === service.id) return;
    throw new EnvelopeError(
      "unknown_opener",
      `The key is wrapped under the root key ${opener}, but the root key here is ${service.id}.`,
    );
  }

  function rememberVersion(name: string): void {
    version = { name, at: timer.now() };
  }

  async function wrapOnce(key: Uint8Array, aad: Uint8Array, signal: AbortSignal): Promise<Buffer> {
    const { wrapped, keyVersion } = await service.wrap(key, aad, signal);
    if (wrapped.length === 0 || wrapped.length > MAX_WRAPPED_BYTES) throw new ServiceFailure("bad_answer");
    if (keyVersion !== undefined) rememberVersion(keyVersion);
    return asBuffer(wrapped);
  }

  async function unwrapOnce(wrapped: Uint8Array, aad: Uint8Array, signal: AbortSignal): Promise<Buffer> {
    const key = asBuffer(await service.unwrap(wrapped, aad, signal));
    if (key.length === KEY_BYTES) return key;
    key.fill(0);
    throw new ServiceFailure("bad_answer");
  }

  async function askVersion(): Promise<string> {
    if (service.keyVersion) rememberVersion(await call("describe", (signal) => service.keyVersion!(signal)));
    else await call("describe", (signal) => wrapOnce(randomBytes(KEY_BYTES), PROBE_AAD, signal));
    return version?.name ?? "1";
  }

  return {
    kind: service.kind,
    async current() {
      const fresh = version !== undefined && timer.now() - version.at < VERSION_IS_FRESH_MS;
      const keyVersion = fresh ? version!.name : await askVersion();
      return { id: service.id, provider: service.kind, keyVersion };
    },
    async wrap(key, aad, opener) {
      checkOpener(opener);
      if (key.length !== KEY_BYTES) throw new EnvelopeError("malformed", "A key has 32 bytes.");
      return call("wrap", (signal) => wrapOnce(key, aad, signal));
    },
    async unwrap(wrapped, aad, opener) {
      checkOpener(opener);
      if (wrapped.length === 0 || wrapped.length > MAX_WRAPPED_BYTES) throw new EnvelopeError("malformed");
      return call("unwrap", (signal) => unwrapOnce(wrapped, aad, signal));
    },
    async health() {
      const probe = randomBytes(KEY_BYTES);
      try {
        const wrapped = await call("health", (signal) => wrapOnce(probe, PROBE_AAD, signal));
        const back = await call("health", (signal) => unwrapOnce(wrapped, PROBE_AAD, signal));
        if (timingSafeEqual(back, probe)) return { ok: true };
        return { ok: false, reason: notGivenBack };
      } catch (error) {
        if (error instanceof EnvelopeError && error.code === "provider_unavailable")
          return { ok: false, reason: error.message };
        return { ok: false, reason: notGivenBack };
      }
    },
  };
}

// The same memory, not a copy: the caller's zeroes must reach it.
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
