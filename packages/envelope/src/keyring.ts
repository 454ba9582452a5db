import { LRUCache } from "lru-cache";
import type { SecretKey } from "./key.ts";
import { Redacted } from "./redacted.ts";

export interface KeyringOptions {
  /** How many keys are kept at most; the least recently used goes first. 10 000 by default. */
  max?: number;
  /** How long a key is kept after it was loaded, in milliseconds. Five minutes by default. */
  ttlMs?: number;
  /** Milliseconds that only grow, from any origin. `performance.now` by default; a test gives its own. */
  clock?: () => number;
}

/**
 * A bounded cache of unwrapped keys, so that a warm read asks no key service. Keys, never values. `K` may also be a
 * `ValueKey`. Prints as `[redacted]`.
 */
export class Keyring<K extends Redacted = SecretKey> extends Redacted {
  readonly #cache: LRUCache<string, K>;
  readonly #loading = new Map<string, Promise<K>>();

  constructor(options: KeyringOptions = {}) {
    super();
    const { max = 10_000, ttlMs = 5 * 60_000, clock = () => performance.now() } = options;
    const origin = clock();
    this.#cache = new LRUCache({
      max,
      ttl: ttlMs,
      ttlResolution: 0, // else lru-cache keeps the time between calls with a timer of its own
      perf: { now: () => clock() - origin + 1 }, // lru-cache takes an entry made at 0 for one that never ends
    });
  }

  /** How many keys are held now, those included that are too old and will not be given out. */
  get size(): number {
    return this.#cache.size;
  }

  /**
   * The cached key, or what `load` yields. Callers who ask for the same key while it is being loaded share that load.
   * A load that fails is not remembered; its error goes to all who shared it.
   */
  get(cacheKey: string, load: () => Promise<K>): Promise<K> {
    const cached = this.#cache.get(cacheKey);
    if (cached !== undefined) return Promise.resolve(cached);
    const running = this.#loading.get(cacheKey);
    if (running !== undefined) return running;

    const loading: Promise<K> = this.#load(cacheKey, load, () => loading);
    this.#loading.set(cacheKey, loading);
    return loading;
  }

  async #load(cacheKey: string, load: () => Promise<K>, self: () => Promise<K>): Promise<K> {
    // Let `get` register this load first, also where `load` throws at once.
    await undefined;
    try {
      const key = await load();
      // A drop that came meanwhile removed this load: its key may be the one that was meant to go.
      if (this.#loading.get(cacheKey) === self()) this.#cache.set(cacheKey, key);
      return key;
    } finally {
      if (this.#loading.get(cacheKey) === self()) this.#loading.delete(cacheKey);
    }
  }

  /**
   * Forgets every key whose cache key starts with `prefix`, and does not keep what is being loaded for it. End the
   * parts of a cache key with a separator (`<tenant>/`), so that one id is not the prefix of another.
   */
  drop(prefix: string): void {
    for (const cacheKey of [...this.#cache.keys()])
      if (cacheKey.startsWith(prefix)) this.#cache.delete(cacheKey);
    for (const cacheKey of [...this.#loading.keys()])
      if (cacheKey.startsWith(prefix)) this.#loading.delete(cacheKey);
  }

  /** Lets go of the keys that are too old, which otherwise only leave when they are asked for or pushed out. */
  sweep(): void {
    this.#cache.purgeStale();
  }

  /** Forgets everything. */
  clear(): void {
    this.#cache.clear();
    this.#loading.clear();
  }
}

/** Makes a keyring: `new Keyring(options)`. */
export function createKeyring<K extends Redacted = SecretKey>(options: KeyringOptions = {}): Keyring<K> {
  return new Keyring<K>(options);
}
