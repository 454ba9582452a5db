import { type Connections, withTenant } from "@keyfold/db";
import {
  createKeyring,
  type Envelope,
  EnvelopeError,
  type KeyPurpose,
  type Keyring,
  type RootKeyProvider,
  SecretKey,
} from "@keyfold/envelope";
import { KeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import type { RowMac } from "../integrity/row-mac.ts";

type TenantPurpose = Extract<KeyPurpose, "value" | "digest">;
export interface TermKey {
  term: number;
  key: SecretKey;
}

/** A new tenant's keys, and the rows that keep them. */
export interface NewTenantKeys {
  keys: {
    tenantId: string;
    purpose: TenantPurpose;
    term: number;
    checkValue: Buffer<ArrayBuffer>;
    createdAt: Date;
    generation: number;
    mac: Buffer<ArrayBuffer>;
  }[];
  wraps: {
    tenantId: string;
    purpose: TenantPurpose;
    term: number;
    opener: string;
    provider: string;
    suite: number;
    wrapped: Buffer<ArrayBuffer>;
    createdAt: Date;
    generation: number;
    mac: Buffer<ArrayBuffer>;
  }[];
}

/**
 * The tenants' keys: made, unwrapped on first use, kept for minutes in a bounded keyring.
 * Purpose "value" wraps DEKs; "digest" keys the digests that tell equal values.
 */
export class TenantKeys {
  readonly #ring: Keyring;
  readonly #terms = new Map<string, { term: number; until: number }>();
  readonly #db: Connections;
  readonly #deployment: string;
  readonly #mac: RowMac;
  readonly #envelope: Envelope;
  readonly #provider: RootKeyProvider;
  readonly #clock: () => number;
  readonly #ttlMs: number;

  constructor(parts: {
    db: Connections;
    deployment: string;
    mac: RowMac;
    envelope: Envelope;
    provider: RootKeyProvider;
    /** How long an unwrapped key is kept, in milliseconds. Five minutes by default. */
    ttlMs?: number;
    /** How many are kept at most. */
    max?: number;
    clock?: () => number;
  }) {
    this.#db = parts.db;
    this.#deployment = parts.deployment;
    this.#mac = parts.mac;
    this.#envelope = parts.envelope;
    this.#provider = parts.provider;
    this.#clock = parts.clock ?? (() => performance.now());
    this.#ttlMs = parts.ttlMs ?? 5 * 60_000;
    this.#ring = createKeyring({ ttlMs: this.#ttlMs, max: parts.max ?? 10_000, clock: this.#clock });
  }

  /** Makes a tenant's first keys, before the transaction that stores them: key services are not called under locks. */
  async make(tenantId: string, now: Date): Promise<NewTenantKeys> {
    const made: NewTenantKeys = { keys: [], wraps: [] };
    for (const purpose of ["value", "digest"] as const) {
      const key = SecretKey.generate();
      const row = {
        purpose,
        term: 1,
        checkValue: key.checkValue() as Buffer<ArrayBuffer>,
        createdAt: now,
        generation: 1,
      };
      made.keys.push({ tenantId, ...this.#mac.seal("tenantKeys", tenantId, row) });
      const wrap = await this.#ask(() =>
        this.#envelope.wrapKey(this.#provider, key, {
          deployment: this.#deployment,
          tenant: tenantId,
          purpose,
          term: 1,
        }),
      );
      const wrapRow = {
        purpose,
        term: 1,
        ...wrap,
        wrapped: wrap.wrapped as Buffer<ArrayBuffer>,
        createdAt: now,
        generation: 1,
      };
      made.wraps.push({ tenantId, ...this.#mac.seal("keyWraps", tenantId, wrapRow) });
    }
    return made;
  }

  /** The key of one term. @throws KeyfoldError `key_unavailable`, `decryption_failed`, `integrity_failed` */
  of(tenantId: string, purpose: TenantPurpose, term: number): Promise<SecretKey> {
    return this.#ring.get(`${tenantId}/${purpose}/${term}`, () => this.#load(tenantId, purpose, term));
  }

  /** The key of the newest term, which new values are sealed under. */
  async current(tenantId: string, purpose: TenantPurpose): Promise<TermKey> {
    const name = `${tenantId}/${purpose}`;
    let known = this.#terms.get(name);
    if (known === undefined || known.until <= this.#clock()) {
      const newest = await again(() =>
        withTenant(this.#db, tenantId, ({ sql }) =>
          sql.tenantKey.findFirst({ where: { tenantId, purpose }, orderBy: { term: "desc" } }),
        ),
      );
      if (newest === null)
        throw new KeyfoldError("decryption_failed", {
          cause: new Error("the tenant has no key: it was shredded"),
        });
      known = { term: newest.term, until: this.#clock() + this.#ttlMs };
      if (this.#terms.size > 20_000) this.#terms.clear();
      this.#terms.set(name, known);
    }
    return { term: known.term, key: await this.of(tenantId, purpose, known.term) };
  }

  /** Forgets a tenant's keys, now. */
  drop(tenantId: string): void {
    this.#ring.drop(`${tenantId}/`);
    for (const name of this.#terms.keys()) if (name.startsWith(`${tenantId}/`)) this.#terms.delete(name);
  }

  async #load(tenantId: string, purpose: TenantPurpose, term: number): Promise<SecretKey> {
    const root = await this.#ask(() => this.#provider.current());
    const stored = await again(() =>
      withTenant(this.#db, tenantId, ({ sql }) =>
        sql.tenantKey.findUnique({
          where: { tenantId_purpose_term: { tenantId, purpose, term } },
          include: { wraps: true },
        }),
      ),
    );
    if (stored === null)
      throw new KeyfoldError("decryption_failed", {
        cause: new Error(`key term ${term} is gone: it was shredded`),
      });
    this.#mac.check("tenantKeys", tenantId, stored);
    const wrap = stored.wraps.find((w) => w.opener === root.id);
    if (wrap === undefined) {
      throw new KeyfoldError("decryption_failed", {
        cause: new Error(`key term ${term} is not wrapped under ${root.id}`),
      });
    }
    this.#mac.check("keyWraps", tenantId, wrap);
    const key = await this.#ask(() =>
      this.#envelope.unwrapKey(this.#provider, wrap.wrapped, {
        deployment: this.#deployment,
        tenant: tenantId,
        purpose,
        term,
        opener: wrap.opener,
      }),
    );
    if (!key.checkValue().equals(stored.checkValue))
      throw new KeyfoldError("decryption_failed", { cause: new Error("check value mismatch") });
    return key;
  }

  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error;
      throw new KeyfoldError(
        error.code === "provider_unavailable" ? "key_unavailable" : "decryption_failed",
        { cause: error },
      );
    }
  }
}
