import type { Timer } from "./timer.ts";

/** A timer without real time: pauses are over at once and written down; time-outs come only when told to. */
export class ConformanceTimer implements Timer {
  /** Milliseconds of each pause so far. */
  readonly pauses: number[] = [];
  /** While true, each deadline passes as soon as the event loop comes round. */
  deadlinesPass = false;
  #now = 0;

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  deadline(ms: number, fire: () => void): () => void {
    if (!this.deadlinesPass) return () => {};
    const handle = setImmediate(() => {
      this.#now += ms;
      fire();
    });
    return () => clearImmediate(handle);
  }

  async pause(ms: number): Promise<void> {
    this.pauses.push(ms);
    this.#now += ms;
  }
}
