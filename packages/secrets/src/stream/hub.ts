import { KeyfoldError } from "../error.ts";

export interface HubOptions {
  /** Most streams of this process; 1000 by default. */
  most?: number;
  /** Most of them of one token; 50 by default. */
  perToken?: number;
  /** How long a stream rests where nobody wakes it, in milliseconds; 10 000 by default. Hints can be lost, and credentials expire. */
  restMs?: number;
}

/** One stream's place in the hub. */
export interface Seat {
  /** Resolves at the next wake, or at once where one came since the last time; and after a while at the latest. */
  rest(signal: AbortSignal): Promise<void>;
  leave(): void;
}

/**
 * Who in this process streams which tenant's messages. One listener on the database wakes them all; a wake is a hint, and
 * what there is to tell is read from the database.
 */
export class StreamHub {
  readonly #most: number;
  readonly #perToken: number;
  readonly #byTenant = new Map<string, Set<() => void>>();
  readonly #byToken = new Map<string, number>();
  readonly #restMs: number;
  readonly #closed = new AbortController();
  #count = 0;

  constructor(options: HubOptions = {}) {
    this.#most = options.most ?? 1_000;
    this.#perToken = options.perToken ?? 50;
    this.#restMs = options.restMs ?? 10_000;
  }

  /** Aborted when this process stops: streams end, and whoever reads one comes back elsewhere. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  get size(): number {
    return this.#count;
  }

  wake(tenant: string): void {
    for (const ring of this.#byTenant.get(tenant) ?? []) ring();
  }

  /** @throws KeyfoldError `busy` where there are too many */
  enter(tenant: string, token: string): Seat {
    const ofToken = this.#byToken.get(token) ?? 0;
    if (this.#count >= this.#most || ofToken >= this.#perToken)
      throw new KeyfoldError("busy", { sentence: "Too many streams are open. End some, or poll." });
    this.#count++;
    this.#byToken.set(token, ofToken + 1);
    let woken = false;
    let wakeUp = () => {};
    const ring = () => {
      woken = true;
      wakeUp();
    };
    const others = this.#byTenant.get(tenant) ?? new Set();
    this.#byTenant.set(tenant, others.add(ring));
    let seated = true;
    return {
      rest: async (signal) => {
        if (!woken && !signal.aborted)
          await new Promise<void>((resolve) => {
            const done = () => {
              clearTimeout(timer);
              signal.removeEventListener("abort", done);
              wakeUp = () => {};
              resolve();
            };
            const timer = setTimeout(done, this.#restMs);
            timer.unref();
            signal.addEventListener("abort", done);
            wakeUp = done;
          });
        woken = false;
      },
      leave: () => {
        if (!seated) return;
        seated = false;
        this.#count--;
        const left = this.#byToken.get(token)! - 1;
        if (left === 0) this.#byToken.delete(token);
        else this.#byToken.set(token, left);
        others.delete(ring);
        if (others.size === 0 && this.#byTenant.get(tenant) === others) this.#byTenant.delete(tenant);
      },
    };
  }

  close(): void {
    this.#closed.abort();
  }
}
