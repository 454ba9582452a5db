import { randomUUID } from "node:crypto";
import { type Connections, withTenantSql } from "@keyfold/db";
import type { ServiceActor } from "../access/actor.ts";
import { append } from "../audit/append.ts";
import { newBatchId } from "../audit/batch-id.ts";
import { encode } from "../flow/event.ts";
import { type NotedOptions, NotedWriter } from "../flow/noted.ts";
import type { DomainLog } from "../flow/services.ts";
import type { NewMessage } from "../message/tell.ts";
import type { ConsumerKind } from "./kind.ts";
import { ANONYMOUS_LEASE_SECONDS, MOST_INSTANCES, READ_LEASE_SECONDS } from "./lease.ts";

/** The last read of one secret by one instance of one consumer, until it is written. */
export interface ReadNote {
  readonly secret: string;
  readonly consumer: string;
  readonly instance: string;
  kind: ConsumerKind;
  /** False once it was taken to be written: what comes then is noted anew. */
  open: boolean;
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

/** Notes in memory at most: while the database is gone, what is new beyond is counted and let go. */
const MOST = 200_000;

const SQL = `SELECT * FROM control_plane.record_reads(
  $1::uuid, $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::float8[], $8::int, $9::int, $10::int)`;

/** Notes who read what, without costing a read anything but an entry in memory. */
export class ReadTracker {
  readonly #db: Connections;
  readonly #log: DomainLog;
  readonly #clock: () => Date;
  readonly #steady: () => number;
  readonly #writer: NotedWriter<ReadNote>;
  #notes = new Map<string, Map<string, ReadNote>>();
  #size = 0;
  #lost = 0;

  constructor(db: Connections, log: DomainLog, clock: () => Date, options: NotedOptions = {}) {
    this.#db = db;
    this.#log = log;
    this.#clock = clock;
    this.#steady = options.steady ?? (() => performance.now());
    const notes = {
      take: () => this.#take(),
      write: (tenant: string, lot: [string, ReadNote][]) => this.#write(tenant, lot),
      takeBack: (tenant: string, lot: [string, ReadNote][]) => this.#takeBack(tenant, lot),
    };
    const warning = "who read which secret could not be written, and is tried again";
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
   * Called after a read's event is durable. A person at a browser is no consumer.
   * @param last what it gave before: where that is of the same secret, consumer and instance, it need not look
   */
  record(
    actor: ServiceActor,
    secret: string,
    version: number,
    instance: string | null | undefined,
    last: ReadNote | null = null,
  ): ReadNote | null {
    if (actor.session !== null) return null;
    const { name, kind } = actor.consumer;
    const its = instance ?? "";
    if (last?.open && last.instance === its && last.consumer === name && last.secret === secret)
      return this.#again(last, kind, version);
    const notes = this.#of(actor.tenantId);
    const key = `${secret}/${its}/${name}`;
    const known = notes.get(key);
    if (known !== undefined) return this.#again(known, kind, version);
    if (this.#size >= MOST) {
      this.#lost++;
      return null;
    }
    this.#size++;
    const at = this.#steady();
    const note: ReadNote = { secret, consumer: name, instance: its, kind, open: true, version, at };
    notes.set(key, note);
    return note;
  }

  #again(note: ReadNote, kind: ConsumerKind, version: number): ReadNote {
    note.version = version;
    note.kind = kind;
    note.at = this.#steady();
    return note;
  }

  #of(tenant: string): Map<string, ReadNote> {
    const known = this.#notes.get(tenant);
    if (known !== undefined) return known;
    const notes = new Map<string, ReadNote>();
    this.#notes.set(tenant, notes);
    return notes;
  }

  #take(): [string, [string, ReadNote][]][] {
    const taken = this.#notes;
    this.#notes = new Map();
    this.#size = 0;
    if (this.#lost > 0)
      this.#log.warn({ code: "busy", reads: this.#lost }, "reads were not counted for their consumers");
    this.#lost = 0;
    for (const notes of taken.values()) for (const note of notes.values()) note.open = false;
    return [...taken].map(([tenant, notes]) => [tenant, [...notes]]);
  }

  /** What was noted since is newer. */
  #takeBack(tenant: string, lot: readonly (readonly [string, ReadNote])[]): void {
    const notes = this.#of(tenant);
    for (const [key, note] of lot) {
      if (notes.has(key)) continue;
      note.open = true;
      notes.set(key, note);
      this.#size++;
    }
  }

  async #write(tenant: string, lot: readonly (readonly [string, ReadNote])[]): Promise<void> {
    const notes = lot.map(([, note]) => note);
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
      await append(query, tenant, events, {}, { batch: newBatchId(), messages: newcomers.map(messageOf) });
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
