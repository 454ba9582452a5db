import { type Connections, withTenantSql } from "@keyfold/db";
import type { Actor } from "../access/actor.ts";
import { type NotedOptions, NotedWriter } from "../flow/noted.ts";
import type { DomainLog } from "../flow/services.ts";

/** When a token was used last, until that is written. */
export interface Use {
  readonly token: string;
  readonly tenant: string;
  /** False once it was taken to be written: what comes then is noted anew. */
  open: boolean;
  /** By this process's steady clock, in milliseconds. */
  at: number;
  ip: string | null;
}

/** Tokens in memory at most: while the database is gone, what is new beyond is let go. */
const MOST = 100_000;

/** Notes when each token was used last, without costing a call anything but an entry in memory. */
export class TokenUses {
  readonly #db: Connections;
  readonly #steady: () => number;
  readonly #writer: NotedWriter<Use>;
  #notes = new Map<string, Use>();

  constructor(db: Connections, log: DomainLog, options: NotedOptions = {}) {
    this.#db = db;
    this.#steady = options.steady ?? (() => performance.now());
    const notes = {
      take: () => this.#take(),
      write: (tenant: string, lot: [string, Use][]) => this.#write(tenant, lot),
      takeBack: (_: string, lot: [string, Use][]) => {
        for (const [id, use] of lot) {
          if (this.#notes.has(id)) continue;
          use.open = true;
          this.#notes.set(id, use);
        }
      },
    };
    const warning = "when tokens were used could not be written, and is tried again";
    this.#writer = new NotedWriter(notes, log, warning, options);
  }

  /** Writes no more by itself; `flush` still does. */
  stop(): void {
    this.#writer.stop();
  }

  /** Writes what was noted until now. What cannot be written stays for the next time. @throws KeyfoldError */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /**
   * Called once a call's credential has proved to be good.
   * @param last what it gave before: where that is of the same token, it need not look
   */
  record(actor: Actor, ip: string | null, last: Use | null = null): Use | null {
    if (actor.type !== "service_token") return null;
    const known = last?.open && last.token === actor.id ? last : this.#notes.get(actor.id);
    if (known !== undefined) {
      known.at = this.#steady();
      known.ip = ip;
      return known;
    }
    if (this.#notes.size >= MOST) return null;
    const use = { token: actor.id, tenant: actor.tenantId, open: true, at: this.#steady(), ip };
    this.#notes.set(actor.id, use);
    return use;
  }

  #take(): Map<string, [string, Use][]> {
    const taken = this.#notes;
    this.#notes = new Map();
    for (const use of taken.values()) use.open = false;
    return Map.groupBy(taken, ([, { tenant }]) => tenant);
  }

  async #write(tenant: string, lot: readonly (readonly [string, Use])[]): Promise<void> {
    const now = this.#steady();
    await withTenantSql(this.#db, tenant, ({ query }) =>
      query("SELECT control_plane.record_token_uses($1::uuid, $2::uuid[], $3::float8[], $4::text[])::text", [
        tenant,
        lot.map(([id]) => id),
        lot.map(([, use]) => now - use.at),
        lot.map(([, use]) => use.ip),
      ]),
    );
  }
}
