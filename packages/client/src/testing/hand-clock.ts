import type { Clock } from "../clock.ts";

/** A clock that stands until it is moved; `wait` returns at once and is remembered. */
export class HandClock implements Clock {
  time = 1_000_000;
  readonly waited: number[] = [];
  #later: { at: number; run: () => void }[] = [];

  now(): number {
    return this.time;
  }

  async wait(ms: number): Promise<void> {
    this.waited.push(ms);
  }

  after(ms: number, run: () => void): void {
    this.#later.push({ at: this.time + ms, run });
  }

  move(ms: number): void {
    this.time += ms;
    const due = this.#later.filter(({ at }) => at <= this.time);
    this.#later = this.#later.filter(({ at }) => at > this.time);
    for (const { run } of due) run();
  }
}
