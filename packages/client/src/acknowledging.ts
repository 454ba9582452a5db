import type { Clock } from "./clock.ts";

/** How long a process counts as alive after it was last heard of, where nobody says, in seconds. */
const LEASE_SECONDS = 3_600;

export interface AcknowledgingOptions {
  /** Says that a version is in use, for so many seconds. */
  acknowledge(version: number, leaseSeconds: number): Promise<unknown>;
  clock: Clock;
  /** 3600 by default, at most 86 400. */
  leaseSeconds?: number;
}

/** What a process has said of the version that it uses. */
export interface Acknowledging {
  /** Says that a version is in use: when it is another one than before, and again when a third of the lease has gone by. */
  say(version: number): Promise<void>;
  /** Says that this process uses it no more, where it ever said that it does. */
  end(): Promise<void>;
}

/** Tells Keyfold which version a process uses, and that it still does, no more often than that needs. */
export function acknowledging(options: AcknowledgingOptions): Acknowledging {
  const { acknowledge, clock, leaseSeconds = LEASE_SECONDS } = options;
  /** What was said last, and until when that needs no saying again. */
  let said: { version: number; until: number } | null = null;
  return {
    async say(version) {
      // What came from an upstream is no version of Keyfold's.
      if (version < 1) return;
      if (said?.version === version && clock.now() < said.until) return;
      await acknowledge(version, leaseSeconds);
      said = { version, until: clock.now() + (leaseSeconds * 1000) / 3 };
    },
    async end() {
      if (said !== null) await acknowledge(said.version, 0);
    },
  };
}
