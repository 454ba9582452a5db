import { randomUUID } from "node:crypto";
import { type Connections, withTenantSql } from "@keyfold/db";
import type { ServiceActor } from "../access/actor.ts";
import { append } from "../audit/append.ts";
import { asKeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import { databaseError } from "../flow/database-error.ts";
import { encode } from "../flow/event.ts";
import type { DomainLog } from "../flow/services.ts";
import type { NewMessage } from "../message/tell.ts";
import type { ConsumerKind } from "./kind.ts";
import { ANONYMOUS_LEASE_SECONDS, MOST_INSTANCES, READ_LEASE_SECONDS } from "./lease.ts";

/** The last read of one instance of one consumer. */
interface Note {
  secret: string;
  consumer: string;
  kind: ConsumerKind;
  instance: string;
  version: number;
  /** By this process's steady clock, in milliseconds. */
  at: number;
}

/** A consumer that read a secret and was never seen before. */
interface Newcomer {
  secret_id: string;
  project_id: string;
  environment_id: string;
  secret_name: string;
  consumer: string;
  kind: string;
  version: number;
}

export interface TrackerOptions {
  /** How often what was noted is written, in milliseconds; 5 000 by default, null: only by `flush`. */
  everyMs?: number | null;
  /** Milliseconds that only grow. */
  steady?: () => number;
}

/** Notes that one statement writes at most. */
const LOT = 2_000;
/** Notes in memory at most: while the database is gone, what is new beyond is counted and let go. */
const MOST = 200_000;

const SQL = `SELECT * FROM control_plane.record_reads(
  $1::uuid, $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::float8[], $8::int, $9::int, $10::int)`;

/**
 * Notes who read what, without costing a read anything but an entry in memory, and writes the notes every few seconds.
 * A process that is killed loses the last few seconds of them; one that stops writes them first.
 */
export class ReadTracker {
  readonly #db: Connections;
  readonly #log: DomainLog;
  readonly #clock: () => Date;
  readonly #steady: () => number;
  #timer: NodeJS.Timeout | undefined;
  #notes = new Map<string, Map<string, Note>>();
  #size = 0;
  #lost = 0;
  #flushing: Promise<void> | null = null;

  constructor(db: Connections, log: DomainLog, clock: () => Date, options: TrackerOptions = {}) {
    this.#db = db;
    this.#log = log;
    this.#clock = clock;
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

  /** Called after a read's event is durable. A person at a browser is no consumer. */
  record(actor: ServiceActor, secret: string, version: number, instance: string | null | undefined): void {
    if (actor.session !== null) return;
    const notes = this.#of(actor.tenantId);
    const { name, kind } = actor.consumer;
    const key = `${secret}/${instance ?? ""}/${name}`;
    const note = notes.get(key);
    if (note !== undefined) {
      note.version = version;
      note.kind = kind;
      note.at = this.#steady();
    } else if (this.#size >= MOST) this.#lost++;
    else {
      this.#size++;
      notes.set(key, { secret, consumer: name, kind, instance: instance ?? "", version, at: this.#steady() });
    }
  }

  #of(tenant: string): Map<string, Note> {
    const known = this.#notes.get(tenant);
    if (known !== undefined) return known;
    const notes = new Map<string, Note>();
    this.#notes.set(tenant, notes);
    return notes;
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
    this.#size = 0;
    if (this.#lost > 0)
      this.#log.warn({ code: "busy", reads: this.#lost }, "reads were not counted for their consumers");
    this.#lost = 0;
    let failure: unknown;
    for (const [tenant, notes] of taken) {
      const all = [...notes];
      for (let at = 0; at < all.length; at += LOT) {
        const lot = all.slice(at, at + LOT);
        try {
          if (failure !== undefined) throw failure;
          await again(() =>
            this.#writeLot(
              tenant,
              lot.map(([, note]) => note),
            ),
          );
        } catch (error) {
          failure ??= error;
          this.#takeBack(tenant, lot);
        }
      }
    }
    if (failure === undefined) return;
    const ours = asKeyfoldError(databaseError(failure) ?? failure);
    this.#log.warn({ code: ours.code }, "who read which secret could not be written, and is tried again");
    throw ours;
  }

  /** What was noted since is newer. */
  #takeBack(tenant: string, lot: readonly (readonly [string, Note])[]): void {
    const notes = this.#of(tenant);
    for (const [key, note] of lot) {
      if (notes.has(key)) continue;
      notes.set(key, note);
      this.#size++;
    }
  }

  async #writeLot(tenant: string, notes: readonly Note[]): Promise<void> {
    await withTenantSql(this.#db, tenant, async ({ query }) => {
      const now = this.#steady();
      const newcomers = await query<Newcomer>(SQL, [
        tenant,
        notes.map((note) => note.secret),
        notes.map((note) => note.consumer),
        notes.map((note) => note.kind),
        notes.map((note) => note.instance),
        notes.map((note) => note.version),
        notes.map((note) => now - note.at),
        READ_LEASE_SECONDS,
        ANONYMOUS_LEASE_SECONDS,
        MOST_INSTANCES,
      ]);
      if (newcomers.length === 0) return;
      const request = { ip: null, userAgent: null, correlationId: randomUUID() };
      const actor = { type: "job", id: "consumers.track", name: "consumers.track", via: "job" } as const;
      const events = newcomers.map((one) =>
        encode(this.#clock(), actor, request, tenant, "consumer.appeared", {
          target: { type: "secret", id: one.secret_id, name: one.secret_name, version: one.version },
          details: { consumer: one.consumer, kind: one.kind },
        }),
      );
      // A tenant that was purged meanwhile has no secrets left to have been read.
      await append(query, tenant, events, {}, { batch: randomUUID(), messages: newcomers.map(messageOf) });
    });
  }
}

const messageOf = (one: Newcomer): NewMessage => ({
  kind: "secret.unknown_consumer",
  secret: one.secret_id,
  project: one.project_id,
  environment: one.environment_id,
  name: one.secret_name,
  data: { consumer: one.consumer, consumer_kind: one.kind, version: one.version },
});
