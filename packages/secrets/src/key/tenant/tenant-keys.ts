import { type Connections, withTenant, withTenantSql } from "@keyfold/db";
import {
  createKeyring,
  EnvelopeError,
  HYBRID_WRAP_SUITE,
  type KeyPurpose,
  type Keyring,
  SecretKey,
  WRAP_SUITE,
  type WrappedKey,
  type WrapSuite,
} from "@keyfold/envelope";
import { KeyfoldError } from "../../error.ts";
import { again } from "../../flow/again.ts";
import type { RowMac } from "../../integrity/row-mac.ts";
import type { Openers } from "../opener/openers.ts";
import { notAnswering, notGiven } from "../opener/own-key.ts";
import { TermGone } from "../term/term-errors.ts";
import type { WrapBudget } from "../wraps/wrap-budget.ts";

export type TenantPurpose = Extract<KeyPurpose, "value" | "digest">;
export interface TermKey {
  term: number;
  /** The number of the job that made the term; 0 for what the tenant began with. */
  round: number;
  /** Whether the tenant has no other term for this purpose. */
  onlyTerm: boolean;
  key: SecretKey;
}

/** The newest keys of one suite: what new values are sealed under. */
export type SuiteKeys = Record<TenantPurpose, TermKey>;

/** New keys of a tenant, and the rows that keep them. */
export interface NewTenantKeys {
  keys: {
    tenantId: string;
    purpose: TenantPurpose;
    term: number;
    checkValue: Buffer<ArrayBuffer>;
    createdAt: Date;
    suite: number;
    round: number | null;
    rootKey: string | null;
    generation: number;
    mac: Buffer<ArrayBuffer>;
  }[];
  wraps: {
    tenantId: string;
    purpose: TenantPurpose;
    term: number;
    opener: string;
    provider: string;
    keyVersion: string;
    suite: number;
    wrapped: Buffer<ArrayBuffer>;
    createdAt: Date;
    generation: number;
    mac: Buffer<ArrayBuffer>;
  }[];
}

/** A tenant key as it is stored: its row, and its wraps. */
export interface StoredTenantKey {
  purpose: string;
  term: number;
  checkValue: Uint8Array;
  createdAt: Date;
  /** The wrap suite of all of its wraps. */
  suite: number;
  /** The number of the job that made it; null for what the tenant began with. */
  round: number | null;
  /** The name of the tenant's own root key; null: the deployment's. */
  rootKey: string | null;
  generation: number;
  mac: Uint8Array;
  wraps: {
    purpose: string;
    term: number;
    opener: string;
    provider: string;
    /** null on rows from before it was kept. */
    keyVersion: string | null;
    suite: number;
    wrapped: Uint8Array;
    createdAt: Date;
    generation: number;
    mac: Uint8Array;
  }[];
}

/** The newest term of one suite, and how many terms of any suite its purpose has. */
interface NewestTerm extends Omit<StoredTenantKey, "purpose" | "wraps"> {
  purpose: TenantPurpose;
  terms: number;
}

const NEWEST = `SELECT DISTINCT ON (purpose, suite) purpose, suite, term, round, check_value AS "checkValue", created_at AS "createdAt",
         root_key AS "rootKey", generation, mac, count(*) OVER (PARTITION BY purpose)::int AS terms
  FROM control_plane.tenant_keys WHERE tenant_id = $1::uuid ORDER BY purpose, suite, term DESC`;

/**
 * The tenants' keys: made, unwrapped on first use, kept for minutes in a bounded keyring.
 * Purpose "value" wraps DEKs; "digest" keys the digests that tell equal values.
 */
export class TenantKeys {
  readonly #ring: Keyring;
  readonly #terms = new Map<string, { newest: readonly NewestTerm[]; until: number }>();
  #forgotten = 0;
  readonly #db: Connections;
  readonly #deployment: string;
  readonly #mac: RowMac;
  readonly #openers: Openers;
  readonly #own: ReadonlyMap<string, Openers>;
  /** DEKs that may still be wrapped; a key is named `TENANT/TERM`. */
  readonly wraps: WrapBudget;
  readonly #clock: () => number;
  readonly #ttlMs: number;

  constructor(parts: {
    db: Connections;
    deployment: string;
    mac: RowMac;
    openers: Openers;
    /** Root keys of tenants' own, by name. */
    own?: ReadonlyMap<string, Openers>;
    wraps: WrapBudget;
    /** How long an unwrapped key is kept, in milliseconds. Five minutes by default. */
    ttlMs?: number;
    /** How many are kept at most. */
    max?: number;
    clock?: () => number;
  }) {
    this.#db = parts.db;
    this.#deployment = parts.deployment;
    this.#mac = parts.mac;
    this.#openers = parts.openers;
    this.#own = parts.own ?? new Map();
    this.wraps = parts.wraps;
    this.#clock = parts.clock ?? (() => performance.now());
    this.#ttlMs = parts.ttlMs ?? 5 * 60_000;
    this.#ring = createKeyring({ ttlMs: this.#ttlMs, max: parts.max ?? 10_000, clock: this.#clock });
  }

  /**
   * Makes a tenant's keys of one suite, before the transaction that stores them: key services are not called under locks.
   * @param rootKey the name of the tenant's own root key; null: the deployment's
   * @param more.terms their numbers; all suites of a tenant share one numbering
   * @throws KeyfoldError as `makeTerm`
   */
  async make(
    tenantId: string,
    now: Date,
    suite: WrapSuite = WRAP_SUITE,
    rootKey: string | null = null,
    more: {
      terms?: Record<TenantPurpose, number>;
      round?: number | null;
      also?: readonly string[];
    } = {},
  ): Promise<NewTenantKeys> {
    const { terms, round = null, also = [] } = more;
    const made: NewTenantKeys = { keys: [], wraps: [] };
    for (const purpose of ["value", "digest"] as const) {
      const facts = { purpose, term: terms?.[purpose] ?? 1, round, now, suite, rootKey, also };
      const { key, wraps } = await this.makeTerm(tenantId, facts);
      made.keys.push(key);
      made.wraps.push(...wraps);
    }
    return made;
  }

  /**
   * Makes one term, before the transaction that stores it: wrapped, and opened again through each of its wraps.
   * @param facts.also root keys that it is wrapped under besides the current one, of those that are held
   * @throws KeyfoldError `key_unavailable`, `decryption_failed`; `illegal_state` where it takes a hybrid seed and there is none
   */
  async makeTerm(
    tenantId: string,
    facts: {
      purpose: TenantPurpose;
      term: number;
      round: number | null;
      now: Date;
      suite: WrapSuite;
      rootKey: string | null;
      also?: readonly string[];
    },
  ): Promise<{ key: NewTenantKeys["keys"][number]; wraps: NewTenantKeys["wraps"] }> {
    const { purpose, term, round, now, suite, rootKey } = facts;
    if (suite === HYBRID_WRAP_SUITE && this.#openers.hybridsHeld.length === 0)
      throw new KeyfoldError("illegal_state", {
        sentence: "hybrid-quantum takes a hybrid seed, and this server was started without one.",
      });
    const fresh = SecretKey.generate();
    const key = this.#mac.seal("tenantKeys", tenantId, {
      purpose,
      term,
      checkValue: fresh.checkValue() as Buffer<ArrayBuffer>,
      createdAt: now,
      suite,
      round,
      rootKey,
      generation: 1,
    });
    const place = { deployment: this.#deployment, tenant: tenantId, purpose, term };
    const openers = this.#openersOf(rootKey);
    const made = await this.#asked(rootKey, () =>
      openers.wrapUnderAll(fresh, place, suite, facts.also ?? []),
    );
    const wraps = made.map((wrap) => this.#row(tenantId, purpose, term, wrap, now));
    // An opener whose other half is elsewhere only seals: nobody here can look whether it opens.
    for (const wrap of wraps)
      if (!openers.onlySeals(wrap.opener)) await this.open(tenantId, { ...key, wraps: [wrap] });
    return { key: { tenantId, ...key }, wraps: wraps.map((wrap) => ({ tenantId, ...wrap })) };
  }

  /** The key of one term. @throws KeyfoldError `key_unavailable`, `decryption_failed`, `integrity_failed` */
  of(tenantId: string, purpose: TenantPurpose, term: number): Promise<SecretKey> {
    return this.#ring.get(`${tenantId}/${purpose}/${term}`, () => this.#load(tenantId, purpose, term));
  }

  /**
   * The newest keys of each suite that the tenant has, which new values are sealed under; in the place of keys that could
   * not be opened stands why, so that one suite's trouble is not the other's.
   * @throws KeyfoldError `decryption_failed` where it has none: it was shredded
   */
  async currentOfAll(tenantId: string): Promise<ReadonlyMap<number, SuiteKeys | KeyfoldError>> {
    const bySuite = await this.#currentOfAll(tenantId);
    if (![...bySuite.values()].some((keys) => keys instanceof TermGone)) return bySuite;
    // What was the newest term a moment ago has been followed by another one, and has come to its end.
    this.forgetTerms(tenantId);
    return this.#currentOfAll(tenantId);
  }

  async #currentOfAll(tenantId: string): Promise<Map<number, SuiteKeys | KeyfoldError>> {
    const newest = await this.#newest(tenantId);
    const bySuite = new Map<number, SuiteKeys | KeyfoldError>();
    for (const suite of new Set(newest.map((one) => one.suite))) {
      const [value, digest] = (["value", "digest"] as const).map((purpose) =>
        newest.find((one) => one.suite === suite && one.purpose === purpose),
      );
      // One of the two alone is of no use: both are made anew when they are needed.
      if (value === undefined || digest === undefined) continue;
      const opened = await Promise.all([
        this.#termKey(tenantId, value),
        this.#termKey(tenantId, digest),
      ]).then(
        ([value, digest]) => ({ value, digest }),
        (error: unknown) => {
          if (error instanceof KeyfoldError) return error;
          throw error;
        },
      );
      bySuite.set(suite, opened);
    }
    return bySuite;
  }

  async #termKey(tenantId: string, { purpose, term, round, terms }: NewestTerm): Promise<TermKey> {
    return { term, round: round ?? 0, onlyTerm: terms === 1, key: await this.of(tenantId, purpose, term) };
  }

  async #newest(tenantId: string): Promise<readonly NewestTerm[]> {
    const known = this.#terms.get(tenantId);
    if (known !== undefined && known.until > this.#clock()) return known.newest;
    const forgotten = this.#forgotten;
    const newest = await again(() =>
      withTenantSql(this.#db, tenantId, ({ query }) => query<NewestTerm>(NEWEST, [tenantId])),
    );
    if (newest.length === 0)
      throw new KeyfoldError("decryption_failed", {
        cause: new Error("the tenant has no key: it was shredded"),
      });
    // The keys may be remembered from before these rows were edited.
    for (const row of newest) this.#mac.check("tenantKeys", tenantId, row);
    if (this.#terms.size > 20_000) this.#terms.clear();
    // What was asked before somebody said that it is old news is not kept.
    if (this.#forgotten === forgotten)
      this.#terms.set(tenantId, { newest, until: this.#clock() + this.#ttlMs });
    return newest;
  }

  /** Lets go of the keys that are too old. */
  sweep(): void {
    this.#ring.sweep();
  }

  /** Forgets a tenant's keys, now. */
  drop(tenantId: string): void {
    this.#ring.drop(`${tenantId}/`);
    this.forgetTerms(tenantId);
  }

  /** Forgets which of a tenant's terms are the newest. */
  forgetTerms(tenantId: string): void {
    this.#forgotten++;
    this.#terms.delete(tenantId);
  }

  /**
   * A key under the current root key, and for suite 2 to the hybrid seed: the row that keeps it.
   * @throws KeyfoldError `key_unavailable`; `decryption_failed` where there is no hybrid seed
   */
  async wrap(
    tenantId: string,
    purpose: TenantPurpose,
    term: number,
    key: SecretKey,
    now: Date,
    suite: WrapSuite = WRAP_SUITE,
  ) {
    const place = { deployment: this.#deployment, tenant: tenantId, purpose, term };
    const wrap = await asked(() => this.#openers.wrap(key, place, suite));
    return this.#row(tenantId, purpose, term, wrap, now);
  }

  #row(tenantId: string, purpose: TenantPurpose, term: number, wrap: WrappedKey, now: Date) {
    return this.#mac.seal("keyWraps", tenantId, {
      purpose,
      term,
      ...wrap,
      wrapped: wrap.wrapped as Buffer<ArrayBuffer>,
      createdAt: now,
      generation: 1,
    });
  }

  /**
   * Opens a stored key: MACs, wrap and check value. Nothing is cached.
   * @param under only by this root key
   * @throws KeyfoldError `key_unavailable`, `decryption_failed`, `integrity_failed`
   */
  async open(tenantId: string, stored: StoredTenantKey, under?: string): Promise<SecretKey> {
    this.#mac.check("tenantKeys", tenantId, stored);
    const purpose = stored.purpose as TenantPurpose;
    const openers = this.#openersOf(stored.rootKey);
    const key = await this.#asked(stored.rootKey, () =>
      openers.unwrap(
        under === undefined ? stored.wraps : stored.wraps.filter(({ opener }) => opener === under),
        { deployment: this.#deployment, tenant: tenantId, purpose, term: stored.term },
        (wrap) => {
          this.#mac.check("keyWraps", tenantId, wrap);
          // The database refuses it as well: one plain wrap, and the hybrid ones would protect nothing.
          if (wrap.suite !== stored.suite)
            throw new KeyfoldError("integrity_failed", {
              cause: new Error("a key of one suite is wrapped by another"),
            });
        },
      ),
    );
    if (!key.checkValue().equals(stored.checkValue))
      throw new KeyfoldError("decryption_failed", { cause: new Error("check value mismatch") });
    return key;
  }

  /** What opens a key. @throws OwnKeyUnavailable where this process was not given the tenant's own root key */
  #openersOf(rootKey: string | null): Openers {
    if (rootKey === null) return this.#openers;
    const own = this.#own.get(rootKey);
    if (own === undefined) throw notGiven(rootKey);
    return own;
  }

  async #asked<T>(rootKey: string | null, ask: () => Promise<T>): Promise<T> {
    try {
      return await asked(ask);
    } catch (error) {
      if (rootKey !== null && error instanceof KeyfoldError && error.code === "key_unavailable")
        throw notAnswering(rootKey, error.cause);
      throw error;
    }
  }

  async #load(tenantId: string, purpose: TenantPurpose, term: number): Promise<SecretKey> {
    const stored = await again(() =>
      withTenant(this.#db, tenantId, ({ sql }) =>
        sql.tenantKey.findUnique({
          where: { tenantId_purpose_term: { tenantId, purpose, term } },
          include: { wraps: true },
        }),
      ),
    );
    if (stored === null) throw new TermGone(term);
    return this.open(tenantId, stored);
  }
}

/** Asks a key service; its errors come out as ours. */
export async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    throw new KeyfoldError(error.code === "provider_unavailable" ? "key_unavailable" : "decryption_failed", {
      cause: error,
    });
  }
}
