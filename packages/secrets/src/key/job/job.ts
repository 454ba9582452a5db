import { randomUUID } from "node:crypto";
import type { Transaction } from "@keyfold/db";
import { type ErrorCode, KeyfoldError } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import { type DeploymentUnit, onDeployment } from "../../flow/deployment-change.ts";
import type { KeyJobView } from "../schema.ts";
import type { Walked } from "./walk.ts";

/** Jobs about one root key, over everything. */
export type RootJobKind = "rotate" | "verify" | "retire";
/** Jobs about tenants' keys and values: of everything, one tenant, or one secret. */
export type TermJobKind = "rotate_tenant" | "re_encrypt" | "remove_opener";
export type JobKind = RootJobKind | TermJobKind;

/** A job's row: what a slice goes on from. */
export interface Job {
  id: string;
  kind: JobKind;
  /** Grows from job to job, whatever the clock says: terms and DEKs bear the number of the job that made them. */
  number: number;
  /** null for jobs that are about no root key. */
  opener: string | null;
  /** null: every tenant. */
  tenantId: string | null;
  secretId: string | null;
  /** Whether the digests of values are made anew, too. */
  digests: boolean;
  state: "running" | "stopped" | "done";
  problem: string | null;
  /** The last tenant that was verified. */
  cursor: string | null;
  done: number;
  total: number;
  startedAt: Date;
  updatedAt: Date;
  finishedAt: Date | null;
}

export interface Row extends Omit<Job, "done" | "total"> {
  done: bigint | number;
  total: bigint | number;
}

/** A row as it is worked with: PostgreSQL's bigints come as text. */
export const jobOf = (row: Row): Job => ({ ...row, done: Number(row.done), total: Number(row.total) });
const EVENTS = {
  rotate: "key.rotation",
  verify: "key.verification",
  retire: "key.retirement",
  rotate_tenant: "key.tenant_rotation",
  re_encrypt: "key.re_encryption",
  remove_opener: "key.opener_removal",
} as const;
/** Most jobs of one kind that are shown at once. */
const MOST_SHOWN = 20;
const UNDER_WAY = {
  rotate: (id: string) =>
    `A rotation to ${id} is under way. Finish that one where that root key is the current one, or name the one to rotate to instead.`,
  verify: (id: string) => `A verification of ${id} is under way. Finish that one first.`,
  retire: (id: string) => `A retirement of ${id} is under way. Finish that one first.`,
};

/**
 * Begins a job, or goes on with the one of its kind that is not finished, whoever began it.
 * @param instead where that one is about another root key, begin anew in its place
 * @throws KeyfoldError `illegal_state` where it is about another root key, and is not to be replaced
 */
export async function beginJob(
  call: Call,
  kind: RootJobKind,
  opener: string,
  count: (tx: Transaction) => Promise<{ done: number; total: number }>,
  instead = false,
): Promise<Job> {
  return onDeployment(call, async (unit) => {
    await oneAtATime(unit);
    const open = await unit.sql.keyJob.findFirst({ where: { kind, finishedAt: null } });
    if (open !== null && open.opener !== opener) {
      if (!instead) throw new KeyfoldError("illegal_state", { sentence: UNDER_WAY[kind](open.opener!) });
      tell(unit, jobOf(open as Row), "given_up");
      const anew = await unit.sql.keyJob.update({
        where: { id: open.id },
        data: {
          opener,
          state: "running",
          problem: null,
          cursor: null,
          ...(await count(unit)),
          startedAt: unit.now,
          updatedAt: unit.now,
        },
      });
      tell(unit, jobOf(anew as Row), "started");
      return jobOf(anew as Row);
    }
    if (open?.state === "running") return jobOf(open as Row);
    const counted = open === null ? await count(unit) : null;
    if (kind === "rotate" && counted !== null && counted.done === counted.total) {
      // Nothing is lacking: the rotation that was done stays the last one, and what was verified since stays verified.
      const last = await newestDone(unit, kind, opener);
      if (last !== null) return last;
    }
    const begun =
      counted !== null
        ? await unit.sql.keyJob.create({
            data: {
              id: randomUUID(),
              kind,
              opener,
              state: "running",
              ...counted,
              startedAt: unit.now,
              updatedAt: unit.now,
            },
          })
        : await unit.sql.keyJob.update({
            where: { id: open!.id },
            data: { state: "running", problem: null, updatedAt: unit.now },
          });
    tell(unit, jobOf(begun as Row), open === null ? "started" : "continued");
    return jobOf(begun as Row);
  });
}

/** Two who begin the same job at once: the second one finds the first one's. */
export async function oneAtATime(unit: DeploymentUnit): Promise<void> {
  await unit.query("SELECT pg_advisory_xact_lock(hashtext('keyfold key job'))::text", []);
}

/** Writes how far a job has come. A job that somebody else finished meanwhile stays finished. */
export async function noteProgress(
  call: Call,
  job: Job,
  to: Partial<Pick<Job, "done" | "total" | "state">> & { problem?: ErrorCode | null },
): Promise<Job> {
  return onDeployment(call, async (unit) => {
    const { count } = await unit.sql.keyJob.updateMany({
      where: { id: job.id, finishedAt: null },
      data: { ...to, updatedAt: unit.now },
    });
    const now = jobOf((await unit.sql.keyJob.findUniqueOrThrow({ where: { id: job.id } })) as Row);
    if (count > 0 && to.state === "stopped" && job.state !== "stopped") tell(unit, now, "stopped");
    return now;
  });
}

/** Ends a job in the transaction of its last work; its event is that work's. Nothing where it had ended already. */
export async function finishJob(unit: DeploymentUnit, job: Job, total: number): Promise<Job> {
  const { count } = await unit.sql.keyJob.updateMany({
    where: { id: job.id, finishedAt: null },
    data: { state: "done", problem: null, done: total, total, updatedAt: unit.now, finishedAt: unit.now },
  });
  const now = jobOf((await unit.sql.keyJob.findUniqueOrThrow({ where: { id: job.id } })) as Row);
  if (count > 0) tell(unit, now, "finished");
  return now;
}

/** The job of a kind that was done last, for a root key. */
export async function newestDone(unit: DeploymentUnit, kind: JobKind, opener: string): Promise<Job | null> {
  const row = await unit.sql.keyJob.findFirst({
    where: { kind, opener, state: "done" },
    orderBy: { finishedAt: "desc" },
  });
  return row === null ? null : jobOf(row as Row);
}

/** The newest job of each kind, and all that are not done. */
export async function newestJobs(unit: DeploymentUnit): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const kind of Object.keys(EVENTS) as JobKind[]) {
    const rows = await unit.sql.keyJob.findMany({
      where: { kind, finishedAt: null },
      orderBy: { number: "desc" },
      take: MOST_SHOWN,
    });
    const newest = await unit.sql.keyJob.findFirst({ where: { kind }, orderBy: { number: "desc" } });
    if (newest !== null && newest.finishedAt !== null) rows.unshift(newest);
    jobs.push(...rows.map((row) => jobOf(row as Row)));
  }
  return jobs;
}

/** Tells the deployment's audit log what has become of a job. */
export function tell(
  unit: DeploymentUnit,
  job: Job,
  what: "started" | "continued" | "stopped" | "given_up" | "finished",
): void {
  unit.record({
    action: `${EVENTS[job.kind]}_${what}`,
    outcome: what === "stopped" ? "error" : "success",
    target: { type: "key", id: job.opener, name: null },
    details: {
      job: job.id,
      done: job.done,
      total: job.total,
      problem: job.problem,
      ...(job.tenantId === null ? {} : { tenant: job.tenantId }),
      ...(job.secretId === null ? {} : { secret: job.secretId }),
    },
  });
}

/** A job as people see it, with the speed of the slice that just ran. */
export function viewJob(job: Job, slice: Walked | null = null): KeyJobView {
  const rate = slice === null || slice.seconds === 0 || slice.keys === 0 ? null : slice.keys / slice.seconds;
  const { number: _, ...seen } = job;
  return {
    ...seen,
    failed: slice?.failed.slice(0, 20).map(({ tenant }) => tenant) ?? [],
    rate: rate === null ? null : Math.round(rate * 10) / 10,
    secondsLeft:
      job.state !== "running" || rate === null ? null : Math.ceil(Math.max(0, job.total - job.done) / rate),
    startedAt: job.startedAt.toISOString(),
    updatedAt: job.updatedAt.toISOString(),
    finishedAt: job.finishedAt?.toISOString() ?? null,
  };
}
