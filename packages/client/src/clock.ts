/** Time, as an argument: a test moves it by hand. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds. */
  wait(ms: number): Promise<void>;
  /** Runs something after so many milliseconds, without keeping the process alive for it. */
  after(ms: number, run: () => void): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  wait: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
  after(ms, run) {
    const timer: unknown = setTimeout(run, ms);
    // Node, Bun and Deno hold a process open for a timer; a browser's is a number.
    if (typeof timer === "object") (timer as { unref?(): void } | null)?.unref?.();
  },
};
