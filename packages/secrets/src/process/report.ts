import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { withDeployment } from "@keyfold/db";
import { describeCause } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Services } from "../flow/services.ts";
import { liveSince } from "./live.ts";

/** What a process says of itself. */
export interface ProcessFacts {
  /** For people; the host's name and the process's id by default. */
  name?: string;
  /** The release; "unknown" by default. */
  version?: string;
  region?: string | null;
  /** Whether the host runs `server.jobs` here; false by default. */
  runsJobs?: boolean;
}

export interface Reporter {
  readonly id: string;
  /** Reports now. */
  report(): Promise<void>;
  /** Takes the process off the list. */
  stop(): Promise<void>;
}

/** Four reports are lost before a process counts as gone. */
const EVERY_MS = 25_000;

/** What is long gone is forgotten, in milliseconds. */
const FORGET_MS = 24 * 3600 * 1000;

/** Reports this process, now and then every so often, with the root keys that it holds at that moment. */
export async function startReporting(services: Services, facts: ProcessFacts): Promise<Reporter> {
  const id = randomUUID();
  let stopped = false;
  const told = {
    name: (facts.name ?? `${hostname()}/${process.pid}`).slice(0, 255),
    version: facts.version ?? "unknown",
    region: facts.region ?? null,
    runsJobs: facts.runsJobs ?? false,
  };
  const { openers, db } = services;
  const look = async () => {
    const [{ id: currentKey }, held] = await Promise.all([openers.current(), openers.held()]);
    return { currentKey, otherKeys: held.filter((key) => key !== currentKey) };
  };
  let keys = await look();
  const writing = new Set<Promise<void>>();
  async function report(): Promise<void> {
    // While its key service is away a process holds what it held: it will wrap under it again.
    keys = await look().catch(() => keys);
    if (stopped) return;
    const written = write();
    writing.add(written);
    await written.finally(() => writing.delete(written));
  }
  const write = () =>
    again(() =>
      withDeployment(db, async ({ sql, now }) => {
        await sql.processRow.upsert({
          where: { id },
          create: { id, ...told, ...keys, startedAt: now, seenAt: now },
          update: { ...keys, seenAt: now },
        });
        await sql.processRow.deleteMany({ where: { seenAt: { lt: liveSince(now, FORGET_MS) } } });
      }),
    );
  await report();
  // While the database is away, the next report tells.
  const timer = setInterval(
    () =>
      void report().catch((error: unknown) => {
        if (!stopped)
          services.log.warn({ cause: describeCause(error) }, "this process could not be reported as running");
      }),
    EVERY_MS,
  );
  timer.unref();
  return {
    id,
    report,
    async stop() {
      stopped = true;
      clearInterval(timer);
      // One that is under way would put the process back.
      await Promise.allSettled(writing);
      await withDeployment(services.db, ({ sql }) => sql.processRow.deleteMany({ where: { id } }));
    },
  };
}
