import { setTimeout as delay } from "node:timers/promises";
import { describeCause, type KeyfoldServer, type RunnableJob } from "@keyfold/secrets";
import { PgBoss } from "pg-boss";
import type { Logger } from "../observe/log.ts";

export interface SchedulerOptions {
  /** A direct connection of the application's role. */
  url: string;
  keyfold: Pick<KeyfoldServer, "jobs">;
  log: Logger;
  /** How often to look for requests, in seconds, 0.5 at the least; a fifth of a job's interval, 1 to 10, unless given. */
  pollSeconds?: number;
}

export interface Scheduler {
  /** Tells running jobs to end, and waits for them for a few seconds. What they leave is another process's, or the next start's. */
  stop(): Promise<void>;
}

/** Where the queue's tables are; migrations make them. */
const SCHEMA = "keyfold_jobs";

/** A process that was killed is noticed after so long without a sign of life, in seconds, and its job runs elsewhere. */
const HEARTBEAT_SECONDS = 30;

/**
 * A run that failed, or whose process was killed, is tried again: by the next interval where that is near, and else so
 * often and after so many seconds, doubled each time.
 */
const RETRIES = { retryLimit: 3, retryDelay: 30, retryBackoff: true };
const NEAR_SECONDS = 120;

/** How long a stop waits for running jobs, in milliseconds: a part of a job takes five seconds at most. */
const STOP_MS = 7_000;

/**
 * Runs the domain's jobs, spread over all processes that do this: every process asks for each job every so often, the
 * queue keeps one request per interval and one run at a time, and whoever is free takes it. Payloads are empty: the
 * queue's name says it all. The queue acts as keyfold_deployment, which may write its rows and make no tables.
 * @throws what the driver throws, and pg-boss's Error where the queue's schema is not this release's
 */
export async function startScheduler({
  url,
  keyfold,
  log,
  pollSeconds,
}: SchedulerOptions): Promise<Scheduler> {
  const boss = new PgBoss({
    connectionString: url,
    application_name: "keyfold jobs",
    // A session's role is not a pooler's to keep, and `options` is not a pooler's to pass: hence the direct connection.
    options: "-c role=keyfold_deployment",
    max: 3,
    schema: SCHEMA,
    migrate: false,
    schedule: false,
    superviseIntervalSeconds: HEARTBEAT_SECONDS,
    monitorIntervalSeconds: HEARTBEAT_SECONDS,
    // Owner's work; the tables stay small.
    reindex: false,
    monitorVacuum: false,
  });
  const troubled = (error: unknown) =>
    log.warn({ code: "database_unavailable", cause: describeCause(error) }, "the job queue has trouble");
  boss.on("error", troubled);
  const stopping = new AbortController();
  const timers: NodeJS.Timeout[] = [];
  const served: string[] = [];
  const stop = async () => {
    for (const timer of timers) clearInterval(timer);
    stopping.abort();
    // Here each worker says when it has ended; a stop of the whole queue would look after them every half second.
    const late = new AbortController();
    const ended = Promise.allSettled(served.map((name) => boss.offWork(name)));
    await Promise.race([ended, delay(STOP_MS, null, { signal: late.signal }).catch(() => null)]);
    late.abort();
    await boss.stop({ graceful: true, timeout: 1_000 });
  };
  try {
    await boss.start();
    // What a killed process was at is free before this one asks for it: with one process there was nobody to notice.
    await boss.supervise().catch(troubled);
    for (const job of keyfold.jobs) timers.push(await serve(job));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };

  /** Takes runs of this job, and asks for one every so often. */
  async function serve({ name, everySeconds, run }: RunnableJob): Promise<NodeJS.Timeout> {
    await boss.createQueue(name, {
      policy: "exclusive",
      retryLimit: 0, // said with each request
      heartbeatSeconds: HEARTBEAT_SECONDS,
      expireInSeconds: 24 * 3600 - 1,
      deleteAfterSeconds: Math.max(3600, 2 * everySeconds),
    });
    const pollingIntervalSeconds = pollSeconds ?? Math.min(10, Math.max(1, everySeconds / 5));
    served.push(name);
    await boss.work(name, { pollingIntervalSeconds }, async ([job]) => {
      // The queue stores what a job throws: it is told nothing but that it failed, and the log has the rest.
      await run(AbortSignal.any([stopping.signal, job!.signal])).catch(() => {
        throw new Error("failed");
      });
    });
    const retries = everySeconds > NEAR_SECONDS ? RETRIES : { retryLimit: 0 };
    const ask = () => {
      boss.send(name, null, { singletonSeconds: everySeconds, ...retries }).catch((error: unknown) => {
        if (!stopping.signal.aborted)
          log.warn({ action: name, cause: describeCause(error) }, "a job could not be queued");
      });
    };
    ask();
    return setInterval(ask, everySeconds * 1000);
  }
}
