import { describeCause, type KeyfoldServer } from "@keyfold/secrets";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";

export interface KeyWatchOptions {
  keyfold: Pick<KeyfoldServer, "keyFacts">;
  log: Logger;
  metrics: Pick<Metrics, "keys">;
}

/** How often the keys are counted, in milliseconds: it reads a row for each. */
const EVERY_MS = 10 * 60_000;

/** Keeps the metrics of root keys fresh. That a rotation is overdue, the server itself tells the log once a day. */
export function watchKeys({ keyfold, log, metrics }: KeyWatchOptions): { stop(): void } {
  const look = () =>
    void keyfold.keyFacts().then(
      (facts) => metrics.keys(facts),
      (error: unknown) => log.warn({ cause: describeCause(error) }, "the root keys could not be counted"),
    );
  look();
  const timer = setInterval(look, EVERY_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
