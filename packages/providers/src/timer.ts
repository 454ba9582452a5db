/** What the providers know of time, so that a test can move it. */
export interface Timer {
  /** Milliseconds from some fixed moment; never goes back. */
  now(): number;
  /** Calls `fire` once after `ms` milliseconds, unless the returned function is called before. */
  deadline(ms: number, fire: () => void): () => void;
  /** Resolves after `ms` milliseconds. */
  pause(ms: number): Promise<void>;
}

/** The machine's own time. */
export const systemTimer: Timer = {
  now: () => performance.now(),
  deadline(ms, fire) {
    const handle = setTimeout(fire, ms);
    return () => clearTimeout(handle);
  },
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
