import { randomUUID } from "node:crypto";
import { type ErrorCode, KeyfoldError } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import { type DeploymentUnit, onDeployment } from "../../flow/deployment-change.ts";
import {
  finishJob,
  type Job,
  jobOf,
  noteProgress,
  oneAtATime,
  type Row,
  type TermJobKind,
  tell,
} from "./job.ts";

/** What a job over tenants' keys and values is to do, and where. */
export interface TermJobScope {
  kind: TermJobKind;
  opener: string | null;
  tenantId: string | null;
  secretId: string | null;
  digests: boolean;
}

/**
 * Begins a job, or goes on with the one of its kind and place that is not finished, whoever began it.
 * @throws KeyfoldError `not_found` where there is nothing to do it to; `illegal_state` where that one is another
 */
export function beginTermJob(call: Call, scope: TermJobScope): Promise<Job> {
  return onDeployment(call, async (unit) => {
    await oneAtATime(unit);
    const { kind, opener, tenantId, secretId, digests } = scope;
    const open = await unit.sql.keyJob.findFirst({ where: { kind, tenantId, secretId, finishedAt: null } });
    if (open !== null) {
      if (open.opener !== opener || (digests && !open.digests))
        throw new KeyfoldError("illegal_state", {
          sentence:
            open.opener === opener
              ? "A re-encryption that leaves the digests is under way. Finish that one first."
              : `The removal of ${open.opener} is under way. Finish that one first.`,
        });
      if (open.state === "running") return jobOf(open as Row);
      const data = { state: "running", problem: null, updatedAt: unit.now };
      const again = jobOf((await unit.sql.keyJob.update({ where: { id: open.id }, data })) as Row);
      tell(unit, again, "continued");
      return again;
    }
    const total = await count(unit, scope);
    if (total === 0 && (tenantId !== null || opener !== null)) throw new KeyfoldError("not_found");
    if (opener !== null && tenantId === null) await closeOpener(unit, opener);
    const begun = await unit.sql.keyJob.create({
      data: {
        id: randomUUID(),
        ...scope,
        state: "running",
        done: 0,
        total,
        startedAt: unit.now,
        updatedAt: unit.now,
      },
    });
    tell(unit, jobOf(begun as Row), "started");
    return jobOf(begun as Row);
  });
}

/** From now on the database takes no wrap under it, from whatever process. */
async function closeOpener(unit: DeploymentUnit, opener: string): Promise<void> {
  await unit.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 11))::text", [opener]);
  const [provider] = opener.split(":");
  await unit.sql.rootKey.upsert({
    where: { id: opener },
    create: { id: opener, provider: provider!, keyVersion: "1", createdAt: unit.now, retiredAt: unit.now },
    update: { retiredAt: unit.now },
  });
}

/** Keys and versions that a job is about, as many as there are now. */
async function count(unit: DeploymentUnit, { tenantId, secretId, opener }: TermJobScope): Promise<number> {
  const [row] = await unit.query<{ keys: bigint | string; sealed: bigint | string }>(
    opener === null
      ? "SELECT * FROM control_plane.count_sealed($1::uuid, $2::uuid)"
      : "SELECT * FROM control_plane.count_exposed($1::uuid, $2)",
    [tenantId, opener ?? secretId],
  );
  return Number(row!.keys) + Number(row!.sealed);
}

/** Adds what a slice did. What was written meanwhile is done too, so the total grows where it would be passed. */
export async function advance(
  call: Call,
  job: Job,
  did: { keys: number; problem: ErrorCode | null },
): Promise<Job> {
  if (did.keys > 0)
    await onDeployment(call, (unit) =>
      unit.query(
        `UPDATE control_plane.key_jobs SET done = done + $2::int, total = greatest(total, done + $2::int)
          WHERE id = $1::uuid AND finished_at IS NULL`,
        [job.id, did.keys],
      ),
    );
  return noteProgress(call, job, {
    problem: did.problem,
    state: did.problem === null ? "running" : "stopped",
  });
}

/** Ends a job that has nothing left to do; null where a tenant came in between. */
export function finishTermJob(call: Call, job: Job): Promise<Job | null> {
  return onDeployment(call, async (unit) => {
    // It has gone when nothing opens with it, whatever was noted on the way.
    if (job.opener !== null)
      await unit.query(
        `UPDATE control_plane.key_job_tenants SET done = false
          WHERE job_id = $1::uuid AND done AND control_plane.opens_with(tenant_id, $2)`,
        [job.id, job.opener],
      );
    const left = await unit.query(
      "SELECT id FROM control_plane.tenants_to_do($1::uuid, $2::uuid, $3, $4::uuid, 1) AS id",
      [job.id, job.tenantId, job.opener, "00000000-0000-0000-0000-000000000000"],
    );
    if (left.length > 0) return null;
    const { total } = await unit.sql.keyJob.findUniqueOrThrow({ where: { id: job.id } });
    const ended = await finishJob(unit, job, Number(total));
    await unit.sql.keyJobTenant.deleteMany({ where: { jobId: job.id } });
    return ended;
  });
}
