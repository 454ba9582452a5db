import { randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Action } from "../access/actions.ts";
import type { ServiceActor } from "../access/actor.ts";
import { mayAtAll } from "../access/authorize.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { Use } from "../token/uses.ts";
import type { WarmValue } from "./warm-value.ts";

/** An answer of metadata, as it was given: to the same token the same, while the tenant's epoch stands. */
export interface WarmAnswer {
  tenantId: string;
  epoch: bigint;
  answer: object;
  /** About how many bytes it takes, in whatever forms it is kept. */
  bytes: number;
}

export interface ReadCacheOptions {
  /** Most tokens that are remembered. */
  maxActors?: number;
  /** Most bytes of sealed values that are kept. 64 MiB by default. */
  maxBytes?: number;
  /** Most bytes of answers that are kept. 32 MiB by default. */
  maxAnswerBytes?: number;
  /** How long anything is kept, in milliseconds: as long as an unwrapped key may be. At least a second, five minutes by default. */
  ttlMs?: number | undefined;
  /** Milliseconds that only grow. */
  clock?: () => number;
}

/** A token's actor, and what was found out about it last: of a reader nearly always the same. */
export interface KeptActor {
  readonly actor: ServiceActor;
  /** What it was found to be allowed. */
  allowed: Action | null;
  /** Where its use was noted. */
  use: Use | null;
}

/** What an entry weighs besides its bytes: rows, keys, an event's text and the map itself, roughly. */
const ENTRY_BYTES = 2048;
/** How long the caches take for now what was now, in milliseconds. */
const CLOCK_MS = 1_000;
/** A larger value is read cold: it would push out hundreds of small ones. */
const MOST_BYTES_EACH = 256 * 1024;
const MOST_ANSWER_BYTES = 2 * 1024 * 1024;

/**
 * What a warm read needs: who a token is, and the sealed bytes of what it asks for. Bounded. It may be stale at any
 * moment, and nothing relies on its freshness: the append judges every read by the tenant's epoch.
 */
export class ReadCache {
  /** Of this cache only, and as long as a digest: tokens are remembered by a hash of it and them. */
  readonly #salt = randomBytes(32).toString("base64url");
  readonly #actors: LRUCache<string, KeptActor>;
  readonly #values: LRUCache<string, WarmValue>;
  readonly #answers: LRUCache<string, WarmAnswer>;
  /** The newest epoch that somebody told of, by tenant. */
  readonly #epochs = new LRUCache<string, bigint>({ max: 10_000 });

  constructor(options: ReadCacheOptions = {}) {
    const {
      maxActors = 10_000,
      maxBytes = 64 * 1024 * 1024,
      maxAnswerBytes = 32 * 1024 * 1024,
      ttlMs = 5 * 60_000,
      clock,
    } = options;
    // lru-cache takes an entry made at 0 for one that never ends.
    const perf = { now: () => (clock?.() ?? performance.now()) + 1 };
    // It takes no age for no end, too; and what is asked for late by its slow clock still leaves in time.
    const ttlResolution = clock === undefined ? CLOCK_MS : 0;
    const aging = { ttl: Math.max(1, ttlMs - ttlResolution), ttlResolution, perf };
    this.#actors = new LRUCache({ max: maxActors, ...aging });
    this.#values = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (v) => ENTRY_BYTES + v.bytes,
      ...aging,
    });
    this.#answers = new LRUCache({
      maxSize: maxAnswerBytes,
      sizeCalculation: (one) => ENTRY_BYTES + one.bytes,
      ...aging,
    });
  }

  /** How much is kept now, what is too old included. */
  get size(): { actors: number; values: number; answers: number } {
    return { actors: this.#actors.size, values: this.#values.size, answers: this.#answers.size };
  }

  /**
   * What a request's token is remembered by: a digest that says nothing outside of this cache, and takes a fifth of the time
   * of the one that the database knows. null: it shows no token, and nothing is remembered of it.
   */
  nameOf({ credential }: Pick<RequestInfo, "credential">): string | null {
    return credential?.kind === "token" ? credential.digest(this.#salt) : null;
  }

  /** Who a token is, where that may do this at all. */
  actor(token: string, action: Action): KeptActor | undefined {
    const kept = this.#actors.get(token);
    if (kept === undefined) return undefined;
    const { actor } = kept;
    if (actor.epoch < (this.#epochs.get(actor.tenantId) ?? 0n)) {
      this.#actors.delete(token);
      return undefined;
    }
    if (kept.allowed === action) return kept;
    // Looked for in every grant's actions, which over many tenants are far apart in memory: 1 µs of a read.
    if (!mayAtAll(actor, action)) return undefined;
    kept.allowed = action;
    return kept;
  }

  /** A hint from elsewhere: what was built on an older epoch is stale, and asking the database with it would be in vain. */
  noteEpoch(tenantId: string, epoch: bigint): void {
    if (epoch > (this.#epochs.get(tenantId) ?? 0n)) this.#epochs.set(tenantId, epoch);
  }

  /** A value that is kept of this very tenant's. */
  value(tenantId: string, name: string): WarmValue | undefined {
    const value = this.#values.get(name);
    return value?.tenantId === tenantId ? value : undefined;
  }

  /** Keeps a token's actor. One that stands behind a session is not kept: the session ends in a statement of its own. */
  keepActor(token: string, actor: ServiceActor): void {
    if (actor.session !== null) return;
    this.#actors.set(token, { actor, allowed: null, use: null });
    // Read from the database just now, and so worth more than any hint: after a failover the epoch may even be lower.
    this.#epochs.set(actor.tenantId, actor.epoch);
  }

  answer(name: string): WarmAnswer | undefined {
    return this.#answers.get(name);
  }

  keepAnswer(name: string, answer: WarmAnswer): void {
    if (answer.bytes <= MOST_ANSWER_BYTES) this.#answers.set(name, answer);
  }

  dropAnswer(name: string): void {
    this.#answers.delete(name);
  }

  keepValue(name: string, value: WarmValue): void {
    if (value.bytes <= MOST_BYTES_EACH) this.#values.set(name, value);
  }

  /** Lets go of what is too old, which otherwise only leaves when it is asked for or pushed out. */
  sweep(): void {
    this.#actors.purgeStale();
    this.#values.purgeStale();
    this.#answers.purgeStale();
  }

  /** Forgets what is kept of a tenant's, now. */
  dropTenant(tenantId: string): void {
    for (const [name, value] of this.#values.entries())
      if (value.tenantId === tenantId) this.#values.delete(name);
    for (const [name, one] of this.#answers.entries())
      if (one.tenantId === tenantId) this.#answers.delete(name);
  }

  dropActor(token: string): void {
    this.#actors.delete(token);
  }

  drop(token: string, name: string): void {
    this.#actors.delete(token);
    this.#values.delete(name);
  }
}
