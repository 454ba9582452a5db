import { HYBRID_WRAP_SUITE, SecretKey, WRAP_SUITE, type WrappedKey, type WrapSuite } from "@keyfold/envelope";
import { KeyfoldError } from "../../error.ts";
import type { RowMac } from "../../integrity/row-mac.ts";
import type { Openers } from "../opener/openers.ts";
import { notAnswering, notGiven } from "../opener/own-key.ts";
import { asked } from "./asked.ts";
import type { NewTenantKeys, StoredTenantKey, TenantPurpose } from "./rows.ts";

/** What one term is made of. */
export interface TermFacts {
  purpose: TenantPurpose;
  term: number;
  round: number | null;
  now: Date;
  suite: WrapSuite;
  /** The name of the tenant's own root key; null: the deployment's. */
  rootKey: string | null;
  /** Root keys that it is wrapped under besides the current one, of those that are held. */
  also?: readonly string[];
}

/** Tenant keys as rows: wrapped under root keys, and opened from what is stored. Nothing is remembered here. */
export class WrappedKeys {
  readonly #deployment: string;
  readonly #mac: RowMac;
  readonly #openers: Openers;
  readonly #own: ReadonlyMap<string, Openers>;

  /** @param parts.own root keys of tenants' own, by name */
  constructor(parts: {
    deployment: string;
    mac: RowMac;
    openers: Openers;
    own?: ReadonlyMap<string, Openers>;
  }) {
    this.#deployment = parts.deployment;
    this.#mac = parts.mac;
    this.#openers = parts.openers;
    this.#own = parts.own ?? new Map();
  }

  /**
   * Makes one term, before the transaction that stores it: wrapped, and opened again through each of its wraps.
   * @throws KeyfoldError `key_unavailable`, `decryption_failed`; `illegal_state` where it takes a hybrid seed and there is none
   */
  async make(
    tenantId: string,
    facts: TermFacts,
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
}
