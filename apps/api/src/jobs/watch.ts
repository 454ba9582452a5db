import { describeCause, type JobRunView, type KeyfoldServer } from "@keyfold/secrets";
import type { Logger } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";

export interface WatchOptions {
  keyfold: Pick<KeyfoldServer, "jobRuns">;
  log: Logger;
  metrics: Pick<Metrics, "jobs">;
  /** How often it looks, in milliseconds; every minute by default. */
  everyMs?: number;
}

export interface JobWatch {
  /** Looks now. */
  look(): Promise<void>;
  stop(): void;
}

/**
 * Looks whether somebody, here or elsewhere, runs the jobs: the metrics show when each ran, and the log says once an hour
 * which ones nobody runs. Every process does this, also one that runs no jobs itself.
 */
export function watchJobs({ keyfold, log, metrics, everyMs = 60_000 }: WatchOptions): JobWatch {
  const told = new Map<string, number>();
  async function measure(): Promise<JobRunView[]> {
    const runs = await keyfold.jobRuns();
    metrics.jobs(runs);
    return runs;
  }
  async function look(): Promise<void> {
    for (const run of await measure()) tell(run);
  }
  function tell({ name, idleSeconds, overdue }: JobRunView): void {
    if (!overdue) {
      if (told.delete(name)) log.info({ action: name }, "a background job runs again");
      return;
    }
    const last = told.get(name);
    if (last !== undefined && idleSeconds - last < 3600) return;
    told.set(name, idleSeconds);
    log.error(
      { code: "job_overdue", action: name },
      `nobody has run this background job for ${Math.round(idleSeconds)} seconds: start a process without KEYFOLD_JOBS=off`,
    );
  }
  const quietly = (work: () => Promise<unknown>) =>
    void work().catch((error: unknown) =>
      log.warn({ cause: describeCause(error) }, "when the jobs ran could not be read"),
    );
  // At the start of the only process everything is overdue, and about to run.
  quietly(measure);
  const timer = setInterval(() => quietly(look), everyMs);
  timer.unref();
  return { look, stop: () => clearInterval(timer) };
}
