import { KeyfoldError } from "@keyfold/secrets";

export interface BulkGateOptions {
  /** Large answers that are built at the same time. 2 by default. */
  atOnce?: number;
  /** Calls that may wait for their turn; who comes after them is refused. 32 by default. */
  mostWaiting?: number;
}

/**
 * Lets few large calls through at a time. One holds 8 MiB of values several times over (rows, plaintext, JSON): a
 * request of a few hundred bytes that asked for fifty of them took 700 MB.
 */
export class BulkGate {
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor({ atOnce = 2, mostWaiting = 32 }: BulkGateOptions = {}) {
    this.#free = atOnce;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Runs the work when its turn comes, first come first served.
   * @throws KeyfoldError `busy` at once, where too many wait already; and whatever the work throws
   */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else if (this.#waiting.length >= this.#mostWaiting) throw new KeyfoldError("busy");
    else await new Promise<void>((turn) => this.#waiting.push(turn)); // the place is handed over, not freed
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
