/**
 * Asks the same question once for all who ask it at once. Nobody is given an answer to a question that was put before
 * they came: while one is on its way, who comes waits for the next.
 */
export class Together<T> {
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #next = new Map<string, Promise<T>>();

  ask(key: string, put: () => Promise<T>): Promise<T> {
    const joined = this.#next.get(key);
    if (joined !== undefined) return joined;
    const answer = this.#turn(key).then(() => {
      this.#next.delete(key);
      const running = put();
      this.#running.set(key, running);
      const done = () => {
        if (this.#running.get(key) === running) this.#running.delete(key);
      };
      running.then(done, done);
      return running;
    });
    this.#next.set(key, answer);
    return answer;
  }

  /** When the next question may be put: when the one before is answered, or in the next turn of the event loop. */
  #turn(key: string): Promise<unknown> {
    const before = this.#running.get(key);
    if (before !== undefined)
      return before.then(
        () => {},
        () => {},
      );
    return new Promise((resolve) => setImmediate(resolve));
  }
}
