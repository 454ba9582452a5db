import { type Listener, listen } from "@keyfold/db";
import type { KeyfoldServer } from "@keyfold/secrets";
import type { Logger } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";

/** The channel on which the database tells that a tenant changed. */
const CHANNEL = "keyfold_epoch";

export interface HintsOptions {
  /** A direct connection of the application's role. */
  url: string;
  keyfold: Pick<KeyfoldServer, "hint">;
  log: Logger;
  metrics: Metrics;
}

/**
 * Passes the database's hints on, so that what reads remember is fresh. Reads are right without it; that it does not
 * run is all the same told, once each time.
 */
export function takeHints({ url, keyfold, log, metrics }: HintsOptions): Listener {
  let told: boolean | null = null;
  let stopping = false;
  const listener = listen({
    url,
    channel: CHANNEL,
    onMessage: (message) => keyfold.hint(message),
    onState(listening) {
      metrics.listening(listening);
      if (listening === told || stopping) return;
      if (!listening)
        log.warn({ code: "database_unavailable" }, "the database's hints do not arrive; trying again");
      else if (told !== null) log.info({}, "the database's hints arrive again");
      told = listening;
    },
  });
  return {
    stop() {
      stopping = true;
      return listener.stop();
    },
  };
}
