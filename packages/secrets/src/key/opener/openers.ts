import {
  type Envelope,
  EnvelopeError,
  HYBRID_WRAP_SUITE,
  hybridOpener,
  type KeyPlace,
  type RootKeyProvider,
  type RootKeyRef,
  type SecretKey,
  splitHybridOpener,
  WRAP_SUITE,
  type WrappedKey,
  type WrapSuite,
  type XWingPrivateKey,
} from "@keyfold/envelope";

/** A key under one root key, as a row keeps it. */
export interface StoredWrap {
  opener: string;
  provider: string;
  suite: number;
  wrapped: Uint8Array;
}

/** What keys are wrapped under now: the root key and, for those of suite 2, the hybrid seed together with it. */
export interface CurrentOpeners {
  root: string;
  hybrid: string | null;
}

/** Both, for a sentence. */
export const currentNames = ({ root, hybrid }: CurrentOpeners): string =>
  hybrid === null ? root : `${root} and ${hybrid}`;

/** The opener that a key of this suite is wrapped under now; null where it takes a hybrid seed and there is none. */
export function openerFor({ root, hybrid }: CurrentOpeners, suite: number): string | null {
  if (suite === WRAP_SUITE) return root;
  return hybrid === null ? null : hybridOpener(root, { id: hybrid });
}

/** Whether an opener is this root key or hybrid seed, or takes it. */
export const takes = (opener: string, part: string): boolean =>
  [opener, ...Object.values(splitHybridOpener(opener) ?? {})].includes(part);

/**
 * The root keys that this process holds: the current one, which everything new is wrapped under, and others, which it
 * only opens with: the one that is being retired, or the one that comes next.
 */
export class Openers {
  readonly #envelope: Envelope;
  readonly #providers: readonly [RootKeyProvider, ...RootKeyProvider[]];
  readonly #hybrids: readonly XWingPrivateKey[];
  readonly #also: readonly RootKeyProvider[];
  readonly #counted: (rootKey: string) => Promise<void>;

  /**
   * @param hybrids from hybrid seeds; the first one is current, like the first root key
   * @param also root keys that tenants' new keys are wrapped under besides the current one
   * @param counted told before each wrap under a root key that encrypts in this process
   */
  constructor(
    envelope: Envelope,
    current: RootKeyProvider,
    others: readonly RootKeyProvider[] = [],
    hybrids: readonly XWingPrivateKey[] = [],
    also: readonly RootKeyProvider[] = [],
    counted: (rootKey: string) => Promise<void> = async () => {},
  ) {
    this.#envelope = envelope;
    this.#counted = counted;
    this.#providers = [current, ...others, ...also];
    this.#hybrids = hybrids;
    this.#also = also;
  }

  /** The ids of all root keys that a tenant's new key is wrapped under. @throws EnvelopeError `provider_unavailable` */
  async making(): Promise<string[]> {
    const refs = await Promise.all([this.#providers[0], ...this.#also].map(nameOf));
    return refs.map(({ id }) => id);
  }

  /** Whether a wrap's root key is one whose opening half is elsewhere. */
  onlySeals(opener: string): boolean {
    const root = splitHybridOpener(opener)?.root ?? opener;
    return this.#also.some(({ onlySeals }) => onlySeals === root);
  }

  /**
   * Those wraps that it took the root key itself to make. Under a public key anybody makes one; a tenant's has a MAC, and one of
   * the deployment's own keys is what makes MACs.
   */
  fromHolders<W extends Pick<StoredWrap, "opener">>(wraps: readonly W[]): W[] {
    return wraps.filter(({ opener }) => !this.#providers.some((one) => one.anybodySeals === opener));
  }

  /** Whether the current root key, which is not asked, is of the kind that this id names. */
  mayBe(opener: string): boolean {
    return this.#providers[0].kind.startsWith(opener.split(":", 1)[0]!);
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

  /** What keys are wrapped under now. @throws EnvelopeError `provider_unavailable` */
  async now(): Promise<CurrentOpeners> {
    return { root: (await this.current()).id, hybrid: this.#hybrids[0]?.publicKey.id ?? null };
  }

  /** The ids of the hybrid seeds held, the current one first. */
  get hybridsHeld(): string[] {
    return this.#hybrids.map(({ publicKey }) => publicKey.id);
  }

  /** The id of a hybrid seed that is one of these local root keys at the same time; null: none is. */
  hybridAmong(rootKeys: readonly string[]): string | null {
    return this.#hybrids.find(({ asRootKey }) => rootKeys.includes(asRootKey))?.publicKey.id ?? null;
  }

  /** Every opener that can be opened here, those of hybrid wraps too. */
  async opening(): Promise<string[]> {
    const roots = await this.held();
    const pairs = roots.flatMap((root) =>
      this.#hybrids.map(({ publicKey }) => hybridOpener(root, publicKey)),
    );
    return [...roots, ...pairs];
  }

  /** Wraps a key under the current root key, and for suite 2 to the current hybrid seed. @throws EnvelopeError */
  async wrap(
    key: SecretKey,
    place: Omit<KeyPlace, "opener">,
    suite: WrapSuite = WRAP_SUITE,
  ): Promise<WrappedKey> {
    const [provider, hybrid] = [this.#providers[0], this.#hybrids[0]?.publicKey];
    if (suite !== WRAP_SUITE && hybrid === undefined) throw new EnvelopeError("unknown_opener", NO_SEED);
    return this.#wrapBy(provider, key, place, suite === WRAP_SUITE ? undefined : hybrid);
  }

  async #wrapBy(
    provider: RootKeyProvider,
    key: SecretKey,
    place: Omit<KeyPlace, "opener">,
    hybrid: XWingPrivateKey["publicKey"] | undefined,
  ): Promise<WrappedKey> {
    // Key services count for themselves, and a sealed key has a fresh one inside.
    if (ENCRYPTS_HERE.has(provider.kind)) await this.#counted((await nameOf(provider)).id);
    return this.#envelope.wrapKey(provider, key, place, hybrid);
  }

  /**
   * Wraps a key under the current root key, under those that all new keys are wrapped under besides, and under each of
   * the named ones that is held.
   * @throws EnvelopeError
   */
  async wrapUnderAll(
    key: SecretKey,
    place: Omit<KeyPlace, "opener">,
    suite: WrapSuite,
    also: readonly string[],
  ): Promise<WrappedKey[]> {
    const wraps = [await this.wrap(key, place, suite)];
    const hybrids = suite === WRAP_SUITE ? [undefined] : this.#hybrids.map(({ publicKey }) => publicKey);
    for (const provider of this.#providers) {
      const always = this.#also.includes(provider);
      // What is configured must be done: a recovery opener that is passed over in silence is missing when it is needed.
      const ref = await nameOf(provider).catch((error: unknown) => {
        if (always) throw error;
        return null;
      });
      if (ref === null) continue;
      for (const hybrid of always ? hybrids.slice(0, 1) : hybrids) {
        const opener = hybrid === undefined ? ref.id : hybridOpener(ref.id, hybrid);
        if (!(always || also.includes(opener)) || wraps.some((wrap) => wrap.opener === opener)) continue;
        wraps.push(await this.#wrapBy(provider, key, place, hybrid));
      }
    }
    return wraps;
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
    // The row says which suite it is, never the bytes; a hybrid wrap to a seed that is not held is none that opens here.
    const named = wraps.flatMap((wrap): { wrap: W; root: string; hybrid: XWingPrivateKey | undefined }[] => {
      if (wrap.suite === WRAP_SUITE) return [{ wrap, root: wrap.opener, hybrid: undefined }];
      const parts = wrap.suite === HYBRID_WRAP_SUITE ? splitHybridOpener(wrap.opener) : undefined;
      const hybrid = this.#hybrids.find(({ publicKey }) => publicKey.id === parts?.hybrid);
      return parts && hybrid ? [{ wrap, root: parts.root, hybrid }] : [];
    });
    const open = async (
      provider: RootKeyProvider,
      { wrap, hybrid }: (typeof named)[number],
    ): Promise<SecretKey | null> => {
      tried.add(`${this.#providers.indexOf(provider)} ${wrap.opener}`);
      use(wrap);
      const at = { ...place, opener: wrap.opener };
      try {
        return await this.#envelope.unwrapKey(provider, wrap.wrapped, at, hybrid);
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
      for (const one of named.filter(({ root }) => root === ref.id)) {
        const key = await open(provider, one);
        if (key !== null) return key;
      }
    }
    // A key service may still hold what came before its current key.
    for (const one of named)
      for (const provider of answering) {
        if (provider.kind !== one.wrap.provider) continue;
        if (tried.has(`${this.#providers.indexOf(provider)} ${one.wrap.opener}`)) continue;
        const key = await open(provider, one);
        if (key !== null) return key;
      }
    if (unavailable) throw new EnvelopeError("provider_unavailable");
    const needed = wraps.map(({ opener }) => opener).join(" or ") || "(none)";
    throw new EnvelopeError(
      "unknown_opener",
      `The key is wrapped under the root key ${needed}, and here is ${[...(await this.held()), ...this.hybridsHeld].join(" and ")}.`,
    );
  }
}

/** Providers whose keys encrypt by AES-GCM with nonces drawn here. */
const ENCRYPTS_HERE: ReadonlySet<string> = new Set(["local", "pkcs11"]);
const NO_SEED = "The key is hybrid, and there is no hybrid seed here.";

async function nameOf(provider: RootKeyProvider): Promise<RootKeyRef> {
  try {
    return await provider.current();
  } catch (error) {
    // What a key service's client throws may quote the request.
    throw error instanceof EnvelopeError ? error : new EnvelopeError("provider_unavailable");
  }
}
