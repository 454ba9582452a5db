import { type Connections, withTenant } from "@keyfold/db";
import { createKeyring, type Keyring, type SecretKey, WRAP_SUITE, type WrapSuite } from "@keyfold/envelope";
import { KeyfoldError } from "../../error.ts";
import { again } from "../../flow/again.ts";
import type { RowMac } from "../../integrity/row-mac.ts";
import type { Openers } from "../opener/openers.ts";
import { TermGone } from "../term/term-errors.ts";
import type { WrapBudget } from "../wraps/wrap-budget.ts";
import { type NewestTerm, NewestTerms } from "./newest-terms.ts";
import type { NewTenantKeys, StoredTenantKey, TenantPurpose } from "./rows.ts";
import { type TermFacts, WrappedKeys } from "./wrapped-keys.ts";

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

/**
 * The tenants' keys: made, unwrapped on first use, kept for minutes in a bounded keyring.
 * Purpose "value" wraps DEKs; "digest" keys the digests that tell equal values.
 */
export class TenantKeys {
  readonly #ring: Keyring;
  readonly #db: Connections;
  readonly #newest: NewestTerms;
  readonly #wrapped: WrappedKeys;
  /** DEKs that may still be wrapped; a key is named `TENANT/TERM`. */
  readonly wraps: WrapBudget;

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
    this.wraps = parts.wraps;
    const { ttlMs = 5 * 60_000, max = 10_000, clock = () => performance.now() } = parts;
    this.#ring = createKeyring({ ttlMs, max, clock });
    this.#newest = new NewestTerms({ ...parts, ttlMs, clock });
    this.#wrapped = new WrappedKeys(parts);
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

  /** Makes one term: see `WrappedKeys.make`. */
  makeTerm(tenantId: string, facts: TermFacts) {
    return this.#wrapped.make(tenantId, facts);
  }

  /** A key under the current root key: see `WrappedKeys.wrap`. */
  wrap(...given: Parameters<WrappedKeys["wrap"]>) {
    return this.#wrapped.wrap(...given);
  }

  /** Opens a stored key, without remembering it: see `WrappedKeys.open`. */
  open(tenantId: string, stored: StoredTenantKey, under?: string): Promise<SecretKey> {
    return this.#wrapped.open(tenantId, stored, under);
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
    const newest = await this.#newest.of(tenantId);
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
    this.#newest.forget(tenantId);
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
