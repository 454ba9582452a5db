import { type Connections, withTenantSql } from "@keyfold/db";
import type { Actor } from "../access/actor.ts";
import type { TrackerOptions } from "../consumer/tracker.ts";
import { asKeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import { databaseError } from "../flow/database-error.ts";
import type { DomainLog } from "../flow/services.ts";

interface Use {
  tenant: string;
  /** By this process's steady clock, in milliseconds. */
  at: number;
  ip: string | null;
}

/** Tokens that one statement writes at most. */
const LOT = 2_000;
/** Tokens in memory at most: while the database is gone, what is new beyond is let go. */
const MOST = 100_000;

/**
 * Notes when each token was used last, without costing a call anything but an entry in memory, and writes the notes every
 * few seconds. A process that is killed loses the last few seconds of them; one that stops writes them first.
 */
export class TokenUses {
  readonly #db: Connections;
  readonly #log: DomainLog;
  readonly #steady: () => number;
  #timer: NodeJS.Timeout | undefined;
  #notes = new Map<string, Use>();
  #flushing: Promise<void> | null = null;

  constructor(db: Connections, log: DomainLog, options: TrackerOptions = {}) {
    this.#db = db;
    this.#log = log;
    this.#steady = options.steady ?? (() => performance.now());
    const everyMs = options.everyMs === undefined ? 5_000 : options.everyMs;
    if (everyMs === null) return;
    this.#timer = setInterval(() => void this.flush().catch(() => {}), everyMs);
    this.#timer.unref();
  }

  /** Writes no more by itself; `flush` still does. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Called once a call's credential has proved to be good. */
  record(actor: Actor, ip: string | null): void {
    if (actor.type !== "service_token") return;
    const note = this.#notes.get(actor.id);
    if (note !== undefined) {
      note.at = this.#steady();
      note.ip = ip;
    } else if (this.#notes.size < MOST)
      this.#notes.set(actor.id, { tenant: actor.tenantId, at: this.#steady(), ip });
  }

  /** Writes what was noted until now. What cannot be written stays for the next time. @throws KeyfoldError */
  async flush(): Promise<void> {
    while (this.#flushing !== null) await this.#flushing.catch(() => {});
    this.#flushing = this.#write().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  async #write(): Promise<void> {
    const taken = this.#notes;
    this.#notes = new Map();
    const byTenant = new Map<string, [string, Use][]>();
    for (const entry of taken) {
      const lot = byTenant.get(entry[1].tenant);
      if (lot === undefined) byTenant.set(entry[1].tenant, [entry]);
      else lot.push(entry);
    }
    let failure: unknown;
    for (const [tenant, all] of byTenant)
      for (let at = 0; at < all.length; at += LOT) {
        const lot = all.slice(at, at + LOT);
        try {
          if (failure !== undefined) throw failure;
          await again(() => this.#writeLot(tenant, lot));
        } catch (error) {
          failure ??= error;
          // What was noted since is newer.
          for (const [id, use] of lot) if (!this.#notes.has(id)) this.#notes.set(id, use);
        }
      }
    if (failure === undefined) return;
    const ours = asKeyfoldError(databaseError(failure) ?? failure);
    this.#log.warn({ code: ours.code }, "when tokens were used could not be written, and is tried again");
    throw ours;
  }

  async #writeLot(tenant: string, lot: readonly (readonly [string, Use])[]): Promise<void> {
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
