import { SecretValue } from "@keyfold/envelope";
import { LRUCache } from "lru-cache";
import type { AskedUpstream, Upstream } from "./port.ts";

const TIMEOUT_MS = 2_000;
/** Failures in a row after which it is left alone for a while. */
const FAILURES = 5;
const REST_MS = 10_000;
/** How long what it does not have is not asked for again. */
const ABSENT_MS = 30_000;
const MOST_ABSENT = 10_000;
/** Questions at once. */
const AT_ONCE = 16;

/** The upstream did not answer in time, or failed, or is being left alone because it did. */
export class UpstreamDown extends Error {
  override readonly name = "UpstreamDown";

  constructor() {
    super("an upstream did not answer");
  }
}

/**
 * The one way to an upstream: no question takes longer than its time-out, whatever it does; after a few failures in a row
 * none is put for ten seconds, and then one; what it does not have is remembered for half a minute. No value is.
 */
export class Gate {
  readonly upstream: Upstream;
  readonly reads = { answered: 0, absent: 0, failed: 0 };
  readonly #now: () => number;
  readonly #absent: LRUCache<string, true>;
  readonly #waiting: (() => void)[] = [];
  #asking = 0;
  #failures = 0;
  #restUntil = 0;

  constructor(upstream: Upstream, clock: () => Date) {
    this.upstream = upstream;
    this.#now = () => clock().getTime();
    this.#absent = new LRUCache({
      max: MOST_ABSENT,
      ttl: ABSENT_MS,
      perf: { now: this.#now },
      ttlResolution: 0,
    });
  }

  /** When a question that is put now is given up. One time for all the names of a call. */
  deadline(): AbortSignal {
    return AbortSignal.timeout(this.upstream.timeoutMs ?? TIMEOUT_MS);
  }

  /**
   * @returns a copy of the value, the caller's to wipe; null: it has none
   * @throws UpstreamDown
   */
  async read(asked: AskedUpstream, until: AbortSignal): Promise<SecretValue | null> {
    const key = JSON.stringify([asked.tenant.id, asked.environment.id, asked.name]);
    if (this.#absent.has(key)) return null;
    if (this.#now() < this.#restUntil) throw this.#failed();
    await this.#slot(until);
    try {
      // Many may have waited while it failed the first ones.
      if (this.#now() < this.#restUntil) throw this.#failed();
      // While it rests one question finds out whether it is back; the others are still spared.
      if (this.#failures >= FAILURES) this.#restUntil = this.#now() + REST_MS;
      const value = await inTime(this.#ask(asked, until), until).catch(() => {
        this.#failures++;
        if (this.#failures >= FAILURES) this.#restUntil = this.#now() + REST_MS;
        throw this.#failed();
      });
      this.#failures = 0;
      this.#restUntil = 0;
      if (value !== null && value.length > 0) {
        this.reads.answered++;
        return SecretValue.takeOverGiven(Buffer.from(value));
      }
      this.reads.absent++;
      this.#absent.set(key, true);
      return null;
    } finally {
      this.#asking--;
      this.#waiting.shift()?.();
    }
  }

  async #ask(asked: AskedUpstream, until: AbortSignal): Promise<Uint8Array | null> {
    return this.upstream.read(asked, until);
  }

  #failed(): UpstreamDown {
    this.reads.failed++;
    return new UpstreamDown();
  }

  async #slot(until: AbortSignal): Promise<void> {
    if (this.#asking >= AT_ONCE) {
      const turn = new Promise<void>((resolve) => this.#waiting.push(resolve));
      await inTime(turn, until).catch(() => {
        // Its turn may come later: whoever it would have been passes it on.
        void turn.then(() => this.#waiting.shift()?.());
        throw this.#failed();
      });
    }
    this.#asking++;
  }
}

/** The promise's outcome, or a rejection when the time is over: an upstream need not heed its signal. */
function inTime<T>(promise: Promise<T>, until: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const over = () => reject(new UpstreamDown());
    if (until.aborted) over();
    else until.addEventListener("abort", over, { once: true });
    promise.then(resolve, reject).finally(() => until.removeEventListener("abort", over));
  });
}
