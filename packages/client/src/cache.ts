import type { Clock } from "./clock.ts";
import type { Held } from "./secret-value.ts";

export interface CacheOptions {
  /** How long a value is given out again, in milliseconds; 30 000 by default. */
  maxAgeMs?: number;
  /**
   * How long after that a value is given out once more while it is asked for anew, in milliseconds; 0, not at all, by default.
   * A revocation is noticed so much later by who only reads now and then.
   */
  staleMs?: number;
  /** Most values; 1000 by default. */
  max?: number;
  /** Most bytes that the values take in memory, about; 16 MiB by default. */
  maxBytes?: number;
}

/** Where a value was asked for: as the caller wrote it, so one secret can have several entries. */
export interface Place {
  readonly tenant?: string;
  readonly project?: string;
  readonly environment?: string;
}

/** What a change touches: entries of these names in this tenant, and of these secrets' ids wherever they are. */
export interface Touched {
  readonly tenant: string | undefined;
  readonly names: ReadonlySet<string>;
  readonly ids: ReadonlySet<string>;
}

/** Where a value was asked for, and with which credential: what one token was given is nothing to another's holder. */
export interface Asked {
  /** The credential's number. */
  readonly by: number;
  readonly place: Place;
}

interface Entry {
  readonly tenant: string | undefined;
  readonly revealed: Held;
  readonly until: number;
  /** When it is not even stale any more. */
  readonly gone: number;
  readonly bytes: number;
}

/**
 * The values that this client was given lately, in this process's memory only. Bounded in number, bytes and age; the
 * oldest go first. It prints and serializes as `[redacted]`.
 */
export class ValueCache {
  // In order of arrival, and so of age: the first is always the next to go.
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;
  readonly #maxAgeMs: number;
  readonly #staleMs: number;
  readonly #max: number;
  readonly #maxBytes: number;
  #bytes = 0;
  #drops = 0;
  #sweeping = false;

  constructor(options: CacheOptions, clock: Clock) {
    this.#clock = clock;
    this.#maxAgeMs = options.maxAgeMs ?? 30_000;
    this.#staleMs = options.staleMs ?? 0;
    this.#max = options.max ?? 1000;
    this.#maxBytes = options.maxBytes ?? 16 * 1024 * 1024;
  }

  get(asked: Asked, name: string): Held | null {
    const found = this.find(asked, name);
    return found === null || found.stale ? null : found.revealed;
  }

  /** What is kept, also where it is stale: to be asked for anew. */
  find(asked: Asked, name: string): { revealed: Held; stale: boolean } | null {
    const entry = this.#entries.get(keyOf(asked, name));
    const now = this.#clock.now();
    if (entry === undefined || entry.gone <= now) return null;
    return { revealed: entry.revealed, stale: entry.until <= now };
  }

  /** Taken before a read and given to `put` after it: a value read before a change must not be kept after it. */
  get mark(): number {
    return this.#drops;
  }

  put(asked: Asked, name: string, revealed: Held, mark: number): void {
    if (mark !== this.#drops) return;
    const now = this.#clock.now();
    const ends = revealed.openUntil === null ? Number.POSITIVE_INFINITY : Date.parse(revealed.openUntil);
    const bytes = revealed.value.countBytes();
    const key = keyOf(asked, name);
    this.#remove(key);
    if (bytes > this.#maxBytes || this.#max < 1) return;
    this.#entries.set(key, {
      tenant: asked.place.tenant,
      revealed,
      until: Math.min(now + this.#maxAgeMs, ends),
      gone: Math.min(now + this.#maxAgeMs + this.#staleMs, ends),
      bytes,
    });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#max && this.#bytes <= this.#maxBytes) break;
      this.#remove(oldest);
    }
    this.#sweepLater();
  }

  drop({ tenant, names, ids }: Touched): void {
    this.#drops++;
    for (const [key, entry] of this.#entries) {
      if (ids.has(entry.revealed.id) || (entry.tenant === tenant && names.has(entry.revealed.name)))
        this.#remove(key);
    }
  }

  clear(): void {
    this.#drops++;
    this.#entries.clear();
    this.#bytes = 0;
  }

  /** How many values it holds. */
  get size(): number {
    return this.#entries.size;
  }

  toJSON(): string {
    return "[redacted]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[redacted]";
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }

  /** What nobody asks for again leaves memory too. */
  #sweepLater(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    this.#clock.after(this.#maxAgeMs, () => {
      this.#sweeping = false;
      const now = this.#clock.now();
      for (const [key, entry] of this.#entries) if (entry.gone <= now) this.#remove(key);
      if (this.#entries.size > 0) this.#sweepLater();
    });
  }
}

const keyOf = ({ by, place: { tenant, project, environment } }: Asked, name: string): string =>
  JSON.stringify([by, tenant, project, environment, name]);
