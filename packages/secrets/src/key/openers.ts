import {
  type Envelope,
  EnvelopeError,
  type KeyPlace,
  type RootKeyProvider,
  type RootKeyRef,
  type SecretKey,
  type WrappedKey,
} from "@keyfold/envelope";

/** A key under one root key, as a row keeps it. */
export interface StoredWrap {
  opener: string;
  provider: string;
  wrapped: Uint8Array;
}

/**
 * The root keys that this process holds: the current one, which everything new is wrapped under, and others, which it
 * only opens with: the one that is being retired, or the one that comes next.
 */
export class Openers {
  readonly #envelope: Envelope;
  readonly #providers: readonly [RootKeyProvider, ...RootKeyProvider[]];

  constructor(envelope: Envelope, current: RootKeyProvider, others: readonly RootKeyProvider[] = []) {
    this.#envelope = envelope;
    this.#providers = [current, ...others];
  }

  /** The root key that new wraps are made under. @throws EnvelopeError `provider_unavailable` */
  async current(): Promise<RootKeyRef> {
    return nameOf(this.#providers[0]);
  }

  /** The ids of the root keys held, the current one first; a provider that does not answer is left out. */
  async held(): Promise<string[]> {
    const refs = await Promise.all(this.#providers.map((provider) => nameOf(provider).catch(() => null)));
    return [...new Set(refs.flatMap((ref) => (ref === null ? [] : [ref.id])))];
  }

  /** Wraps a key under the current root key. @throws EnvelopeError */
  wrap(key: SecretKey, place: Omit<KeyPlace, "opener">): Promise<WrappedKey> {
    return this.#envelope.wrapKey(this.#providers[0], key, place);
  }

  /**
   * Unwraps a key with the first root key held that wraps it, the current one first. A root key that cannot be asked is
   * passed over while another one can; a wrap that refuses is never passed over, since somebody may have changed it.
   * @param use called with a wrap before it is used: where a caller checks its MAC
   * @throws EnvelopeError `unknown_opener` where none of them is held, `provider_unavailable`, `not_authentic`
   */
  async unwrap<W extends StoredWrap>(
    wraps: readonly W[],
    place: Omit<KeyPlace, "opener">,
    use: (wrap: W) => void = () => {},
  ): Promise<SecretKey> {
    let unavailable = false;
    const tried = new Set<string>();
    const open = async (provider: RootKeyProvider, wrap: W): Promise<SecretKey | null> => {
      tried.add(`${this.#providers.indexOf(provider)} ${wrap.opener}`);
      use(wrap);
      try {
        return await this.#envelope.unwrapKey(provider, wrap.wrapped, { ...place, opener: wrap.opener });
      } catch (error) {
        const code = error instanceof EnvelopeError ? error.code : null;
        if (code === "provider_unavailable") unavailable = true;
        else if (code !== "unknown_opener") throw error;
        return null;
      }
    };
    const answering: RootKeyProvider[] = [];
    for (const provider of this.#providers) {
      const ref = await nameOf(provider).catch(() => null);
      if (ref === null) {
        unavailable = true;
        continue;
      }
      answering.push(provider);
      const wrap = wraps.find(({ opener }) => opener === ref.id);
      const key = wrap && (await open(provider, wrap));
      if (key) return key;
    }
    // A key service may still hold what came before its current key.
    for (const wrap of wraps)
      for (const provider of answering) {
        if (provider.kind !== wrap.provider) continue;
        if (tried.has(`${this.#providers.indexOf(provider)} ${wrap.opener}`)) continue;
        const key = await open(provider, wrap);
        if (key !== null) return key;
      }
    if (unavailable) throw new EnvelopeError("provider_unavailable");
    const needed = wraps.map(({ opener }) => opener).join(" or ") || "(none)";
    throw new EnvelopeError(
      "unknown_opener",
      `The key is wrapped under the root key ${needed}, and here is ${(await this.held()).join(" and ")}.`,
    );
  }
}

async function nameOf(provider: RootKeyProvider): Promise<RootKeyRef> {
  try {
    return await provider.current();
  } catch (error) {
    // What a key service's client throws may quote the request.
    throw error instanceof EnvelopeError ? error : new EnvelopeError("provider_unavailable");
  }
}
