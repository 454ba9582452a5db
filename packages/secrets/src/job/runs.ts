import { withDeployment } from "@keyfold/db";
import type { ErrorCode } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Services } from "../flow/services.ts";
import type { Job } from "./define.ts";
import { jobs } from "./jobs.ts";

/** When a job ran last, wherever it ran; by the database's clock. */
export interface JobRunView {
  name: string;
  everySeconds: number;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** Why the last run ended early: the code of an error. */
  problem: ErrorCode | null;
  /** How long ago it last did something (never: since there is a deployment), in seconds. */
  idleSeconds: number;
  /** Nobody runs it: it has not worked for three times as long as it should, and a minute. */
  overdue: boolean;
}

/** Notes a run. What was killed leaves "started" behind, and the next run writes over it. */
export async function note(
  { db }: Services,
  { name }: Job,
  what: "started" | "worked" | "finished" | "failed",
  problem: ErrorCode | null = null,
): Promise<void> {
  await again(() =>
    withDeployment(db, async ({ sql, now }) => {
      const to =
        what === "started"
          ? { startedAt: now }
          : what === "finished"
            ? { workedAt: now, finishedAt: now, problem: null }
            : what === "failed"
              ? { finishedAt: now, problem }
              : { workedAt: now };
      await sql.jobRun.upsert({ where: { name }, create: { name, startedAt: now, ...to }, update: to });
    }),
  );
}

/** When each job ran last. */
export async function listJobRuns({ db }: Services, table: readonly Job[] = jobs): Promise<JobRunView[]> {
  return again(() =>
    withDeployment(db, async ({ sql, now }) => {
      const rows = new Map((await sql.jobRun.findMany()).map((row) => [row.name, row]));
      const { createdAt } = await sql.deployment.findFirstOrThrow();
      return table.map(({ name, everySeconds }) => {
        const row = rows.get(name);
        const idleSeconds = Math.max(
          0,
          (now.getTime() - (row?.workedAt ?? row?.startedAt ?? createdAt).getTime()) / 1000,
        );
        return {
          name,
          everySeconds,
          startedAt: row?.startedAt ?? null,
          finishedAt: row?.finishedAt ?? null,
          problem: (row?.problem ?? null) as ErrorCode | null,
          idleSeconds,
          overdue: idleSeconds > 3 * everySeconds + 60,
        };
      });
    }),
  );
}
