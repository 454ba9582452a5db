import { randomUUID } from "node:crypto";
import { withDeployment } from "@keyfold/db";
import { asKeyfoldError, describeCause, KeyfoldError } from "../../error.ts";
import { again } from "../../flow/again.ts";
import type { Call } from "../../flow/call.ts";
import { onDeployment } from "../../flow/deployment-change.ts";
import { defineVerb } from "../../flow/verb.ts";
import { rewrapDeploymentKeys, storeDeploymentWraps } from "../deployment/deployment-keys.ts";
import { beginJob, finishJob, type Job, noteProgress, viewJob } from "../job/job.ts";
import { turnOf, type Walked, walkTenants } from "../job/walk.ts";
import type { CurrentOpeners } from "../opener/openers.ts";
import { keyJobView, rotateKeysInput } from "../schema.ts";
import { asked } from "../tenant/asked.ts";
import { countKeys } from "../wraps/counts.ts";
import { rewrapTenant } from "./rewrap-tenant.ts";
import { NO_TENANT, tenantsLacking } from "./tenants.ts";

/**
 * Rotates to the current root key and hybrid seed: one slice of the job that adds a wrap under them to every key. Call again until it is
 * done; several processes may, at once. What is left to do is what is missing, so a slice that was killed leaves
 * nothing to mend. The deployment's own keys come last: until then a start with the new root key alone is refused.
 */
export const rotateKeys = defineVerb({
  action: "key.rotate",
  changes: true,
  summary: "Rotate the root key: wrap keys under the current one for a while, and say how far it is",
  input: rotateKeysInput,
  output: keyJobView,
  async run(call, input) {
    const { services } = call;
    const now = await asked(() => services.openers.now());
    if (input.to !== undefined && input.to !== now.root)
      throw new KeyfoldError("illegal_state", {
        sentence: `The current root key of the process that was asked is ${now.root}. Start it with the new one as its root key.`,
      });
    const count = (tx: Parameters<typeof countKeys>[0]) => countKeys(tx, now);
    const begin = async (tx: Parameters<typeof countKeys>[0]) => {
      const { total, lacking } = await count(tx);
      return { total, done: total - lacking };
    };
    const job = await beginJob(call, "rotate", now.root, begin, input.to !== undefined);

    // From anywhere, once around: two who rotate at once start in different places.
    const start = randomUUID();
    let after: string = start;
    let around = false;
    const walked = await walkTenants(services, {
      ...input,
      async next(limit) {
        let tenants = await tenantsLacking(services, now, after, limit);
        if (tenants.length === 0 && !around) {
          around = true;
          after = NO_TENANT;
          tenants = await tenantsLacking(services, now, after, limit);
        }
        if (around) tenants = tenants.filter((tenant) => tenant <= start);
        after = tenants.at(-1) ?? after;
        return tenants;
      },
      each: (tenant, slot) => turnOf(() => rewrapTenant(call, tenant, now, slot)),
    });
    const counted = await again(() => withDeployment(services.db, count));
    const progress = { total: counted.total, done: counted.total - counted.lacking };
    if (walked.stoppedBy === null && counted.tenantsLacking === 0) {
      const ended = await finish(call, job, now, walked);
      if (ended !== null) return viewJob(ended, walked);
    }
    // Who came all the way around and met none but failures has nothing left that it could do.
    const problem =
      walked.stoppedBy ??
      (walked.ended && walked.failed.length >= 1 && walked.keys === 0 ? walked.failed[0]!.code : null);
    return viewJob(
      await noteProgress(call, job, {
        ...progress,
        problem,
        state: problem === null ? "running" : "stopped",
      }),
      walked,
    );
  },
});

/** The deployment's own keys, and the end. null where they could not be done: then `walked` says why. */
async function finish(call: Call, job: Job, now: CurrentOpeners, walked: Walked): Promise<Job | null> {
  const { services } = call;
  try {
    const wraps = await rewrapDeploymentKeys(services, now.root);
    const ended = await onDeployment(call, async (unit) => {
      await storeDeploymentWraps(unit, wraps);
      const { total, lacking } = await countKeys(unit, now);
      return lacking === 0 ? finishJob(unit, job, total) : null; // a tenant came in between
    });
    if (ended !== null) walked.keys += wraps.length;
    return ended;
  } catch (error) {
    const { code, cause } = asKeyfoldError(error);
    if (code === "unauthenticated") throw error;
    if (code === "conflict") return null; // somebody else was at them: looked at again with the next slice
    services.log.error({ code, cause: describeCause(cause) }, "the deployment's own keys failed");
    walked.stoppedBy = code;
    return null;
  }
}
