import { withDeployment } from "@keyfold/db";
import { asKeyfoldError, describeCause, KeyfoldError } from "../../error.ts";
import { again } from "../../flow/again.ts";
import type { Call } from "../../flow/call.ts";
import { onDeployment } from "../../flow/deployment-change.ts";
import { defineVerb } from "../../flow/verb.ts";
import { verifyDeploymentKeys } from "../deployment/deployment-keys.ts";
import { beginJob, finishJob, type Job, newestDone, noteProgress, viewJob } from "../job/job.ts";
import { walkTenants } from "../job/walk.ts";
import { currentNames } from "../opener/openers.ts";
import { keyJobView, verifyKeysInput } from "../schema.ts";
import { asked } from "../tenant/asked.ts";
import { countKeys } from "../wraps/counts.ts";
import { NO_TENANT, tenantsWithKeys } from "./tenants.ts";
import { verifyTenant } from "./verify-tenant.ts";

/**
 * Opens every key with the current root key alone: one slice of the job, which goes on where the last one ended. A key
 * that does not open stops the job there, and it never ends as done with one left behind.
 */
export const verifyKeys = defineVerb({
  action: "key.verify",
  changes: true,
  summary: "Verify that every key opens with the current root key, for a while, and say how far it is",
  input: verifyKeysInput,
  output: keyJobView,
  async run(call, input) {
    const { services } = call;
    const now = await asked(() => services.openers.now());
    const counted = await again(() => withDeployment(services.db, (tx) => countKeys(tx, now)));
    if (counted.lacking > 0)
      throw new KeyfoldError("illegal_state", {
        sentence: `${counted.lacking} of ${counted.total} keys are not wrapped under ${currentNames(now)} yet. Rotate first.`,
      });
    let job = await startOver(
      call,
      await beginJob(call, "verify", now.root, async () => ({ done: 0, total: counted.total }), true),
    );
    const walked = await walkTenants(services, {
      ...input,
      stopOnFailure: true,
      next: (limit) => tenantsWithKeys(services, job.cursor ?? NO_TENANT, limit),
      each: async (tenant, slot) => (await verifyTenant(call, tenant, now, slot)).length,
      async lotDone(last, keys) {
        job = await onDeployment(call, async (unit) => {
          // Two who verify at once: the one who was first moves on, and the other goes on from there.
          await unit.sql.keyJob.updateMany({
            where: { id: job.id, cursor: job.cursor, finishedAt: null },
            data: { cursor: last, done: { increment: keys }, updatedAt: unit.now },
          });
          const row = await unit.sql.keyJob.findUniqueOrThrow({ where: { id: job.id } });
          return { ...job, cursor: row.cursor, done: Number(row.done) };
        });
      },
    });
    let problem = walked.stoppedBy ?? walked.failed[0]?.code ?? null;
    if (walked.ended && problem === null) {
      try {
        await verifyDeploymentKeys(services, now.root);
        return viewJob(await onDeployment(call, (unit) => finishJob(unit, job, counted.total)), walked);
      } catch (error) {
        const { code, cause } = asKeyfoldError(error);
        if (code === "unauthenticated") throw error;
        services.log.error({ code, cause: describeCause(cause) }, "the deployment's own keys failed");
        problem = code;
      }
    }
    const state = problem === null ? "running" : "stopped";
    return viewJob(await noteProgress(call, job, { problem, state, total: counted.total }), walked);
  },
});

/** A verification that was cut short and a rotation that came after it: keys behind the cursor were never looked at. */
async function startOver(call: Call, job: Job): Promise<Job> {
  return onDeployment(call, async (unit) => {
    const rotated = await newestDone(unit, "rotate", job.opener!);
    if (rotated === null || rotated.finishedAt! <= job.startedAt) return job;
    const over = { cursor: null, done: 0, startedAt: unit.now };
    await unit.sql.keyJob.updateMany({ where: { id: job.id, finishedAt: null }, data: over });
    return { ...job, ...over };
  });
}
