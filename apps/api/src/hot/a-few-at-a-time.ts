const EVERY_MS = 5;
/** How many pieces go each time, and of a crowd which share. */
const FEW = 8;
const SHARE = 1 / 20;

/**
 * Puts work off and does it a few pieces at a time, in order: for what others shall not wait behind. One piece waits for five
 * milliseconds, the last of ten thousand for half a second.
 */
export class AFewAtATime {
  #waiting: (() => void)[] = [];
  #planned = false;

  add(work: () => void): void {
    this.#waiting.push(work);
    this.#plan();
  }

  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    setTimeout(() => {
      this.#planned = false;
      const few = Math.max(FEW, Math.ceil(this.#waiting.length * SHARE));
      for (const work of this.#waiting.splice(0, few)) work();
      if (this.#waiting.length > 0) this.#plan();
    }, EVERY_MS);
  }
}
