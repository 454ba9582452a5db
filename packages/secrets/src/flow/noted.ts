import { asKeyfoldError } from "../error.ts";
import { again } from "./again.ts";
import { databaseError } from "./database-error.ts";
import type { DomainLog } from "./services.ts";

/** How what is noted in memory gets into the database. */
export interface NotedOptions {
  /** How often what was noted is written, in milliseconds; 5 000 by default, null: only by `flush`. */
  everyMs?: number | null;
  /** Milliseconds that only grow. */
  steady?: () => number;
}

/** Notes that one statement writes at most. */
const LOT = 2_000;

type Entries<Note> = [key: string, note: Note][];

/** Where notes lie until they are written. */
export interface Notes<Note> {
  /** Takes out all that was noted until now, by tenant. */
  take(): Iterable<[tenant: string, entries: Entries<Note>]>;
  write(tenant: string, lot: Entries<Note>): Promise<unknown>;
  /** What could not be written comes back, but for what was noted anew since, which is newer. */
  takeBack(tenant: string, lot: Entries<Note>): void;
}

/**
 * Writes notes from memory every few seconds, so that no call waits for it. A process that is killed loses the last few
 * seconds of them; one that stops writes them first.
 */
export class NotedWriter<Note> {
  readonly #notes: Notes<Note>;
  readonly #log: DomainLog;
  readonly #warning: string;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | null = null;

  /** @param warning what the log says where notes could not be written */
  constructor(notes: Notes<Note>, log: DomainLog, warning: string, { everyMs = 5_000 }: NotedOptions) {
    this.#notes = notes;
    this.#log = log;
    this.#warning = warning;
    if (everyMs === null) return;
    this.#timer = setInterval(() => void this.flush().catch(() => {}), everyMs);
    this.#timer.unref();
  }

  /** Writes no more by itself; `flush` still does. */
  stop(): void {
    clearInterval(this.#timer);
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
    let failure: unknown;
    for (const [tenant, entries] of this.#notes.take())
      for (let at = 0; at < entries.length; at += LOT) {
        const lot = entries.slice(at, at + LOT);
        try {
          // Where one could not be written, the others would wait in vain: the database is gone.
          if (failure !== undefined) throw failure;
          await again(() => this.#notes.write(tenant, lot));
        } catch (error) {
          failure ??= error;
          this.#notes.takeBack(tenant, lot);
        }
      }
    if (failure === undefined) return;
    const ours = asKeyfoldError(databaseError(failure) ?? failure);
    this.#log.warn({ code: ours.code }, this.#warning);
    throw ours;
  }
}
