import { type Connections, withTenantSql } from "@keyfold/db";
import { KeyfoldError } from "../../error.ts";
import { again } from "../../flow/again.ts";
import type { RowMac } from "../../integrity/row-mac.ts";
import type { StoredTenantKey, TenantPurpose } from "./rows.ts";

/** The newest term of one suite, and how many terms of any suite its purpose has. */
export interface NewestTerm extends Omit<StoredTenantKey, "purpose" | "wraps"> {
  purpose: TenantPurpose;
  terms: number;
}

const NEWEST = `SELECT DISTINCT ON (purpose, suite) purpose, suite, term, round, check_value AS "checkValue", created_at AS "createdAt",
         root_key AS "rootKey", generation, mac, count(*) OVER (PARTITION BY purpose)::int AS terms
  FROM control_plane.tenant_keys WHERE tenant_id = $1::uuid ORDER BY purpose, suite, term DESC`;

/** Which of a tenant's terms are the newest, remembered for as long as an unwrapped key is. */
export class NewestTerms {
  readonly #terms = new Map<string, { newest: readonly NewestTerm[]; until: number }>();
  #forgotten = 0;
  readonly #db: Connections;
  readonly #mac: RowMac;
  readonly #clock: () => number;
  readonly #ttlMs: number;

  constructor(parts: { db: Connections; mac: RowMac; clock: () => number; ttlMs: number }) {
    this.#db = parts.db;
    this.#mac = parts.mac;
    this.#clock = parts.clock;
    this.#ttlMs = parts.ttlMs;
  }

  /** @throws KeyfoldError `decryption_failed` where it has none: it was shredded; `integrity_failed` */
  async of(tenantId: string): Promise<readonly NewestTerm[]> {
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

  forget(tenantId: string): void {
    this.#forgotten++;
    this.#terms.delete(tenantId);
  }
}
