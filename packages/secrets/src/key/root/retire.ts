import { asKeyfoldError, describeCause, type ErrorCode, KeyfoldError } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import { type DeploymentUnit, onDeployment } from "../../flow/deployment-change.ts";
import { defineVerb } from "../../flow/verb.ts";
import { stillWrapsUnder } from "../../process/live.ts";
import { verifyDeploymentKeys } from "../deployment/deployment-keys.ts";
import { beginJob, finishJob, type Job, newestDone, noteProgress, viewJob } from "../job/job.ts";
import { walkTenants } from "../job/walk.ts";
import { type CurrentOpeners, currentNames } from "../opener/openers.ts";
import { isHsm, opensWithoutThese, SOLE_HSM } from "../opener/sole-hsm.ts";
import { keyJobView, retireKeyInput } from "../schema.ts";
import { asked } from "../tenant/asked.ts";
import { countKeys, countWraps } from "../wraps/counts.ts";
import { retireTenant } from "./retire-tenant.ts";
import { NO_TENANT, tenantsWrapped } from "./tenants.ts";

/**
 * Retires a root key or a hybrid seed: takes its wraps away, one slice of the job at a time, each after the same key was
 * opened with the current ones. Refused until every key is wrapped under those, all were verified, and no process that
 * runs wraps under it. At its end nothing
 * can be wrapped under the retired root key any more, and its bytes may go.
 */
export const retireKey = defineVerb({
  action: "key.retire",
  changes: true,
  summary: "Retire a root key that nothing needs: remove its wraps for a while, and say how far it is",
  input: retireKeyInput,
  output: keyJobView,
  async run(call, input) {
    const { services } = call;
    const keep = await asked(() => services.openers.now());
    const { opener } = input;
    const job = await onDeployment(call, (unit) => judge(unit, opener, keep)).then((wraps) =>
      beginJob(call, "retire", opener, async () => ({ done: 0, total: wraps })),
    );

    let after = NO_TENANT;
    const walked = await walkTenants(services, {
      ...input,
      stopOnFailure: true,
      async next(limit) {
        const tenants = await tenantsWrapped(services, opener, after, limit);
        after = tenants.at(-1) ?? after;
        return tenants;
      },
      each: (tenant, slot) => retireTenant(call, tenant, opener, keep, slot),
    });
    let inTheWay: string | null = null;
    let problem = walked.stoppedBy ?? walked.failed[0]?.code ?? null;
    if (walked.ended && problem === null) {
      try {
        await verifyDeploymentKeys(services, keep.root);
        const ended = await onDeployment(call, (unit) => finish(unit, job, opener, keep));
        if (typeof ended === "string") inTheWay = ended;
        else if (ended !== null) return viewJob(ended, walked);
      } catch (error) {
        const { code, cause } = asKeyfoldError(error);
        if (code === "unauthenticated") throw error;
        services.log.error({ code, cause: describeCause(cause) }, "a root key could not be retired");
        problem = code;
      }
    }
    const left = await progress(call, job, opener, problem);
    if (inTheWay !== null) refuse(inTheWay);
    return viewJob(left, walked);
  },
});

/** @returns how many wraps there are under it @throws KeyfoldError `illegal_state`, `not_found` */
async function judge(unit: DeploymentUnit, opener: string, keep: CurrentOpeners): Promise<number> {
  const root = await unit.sql.rootKey.findUnique({ where: { id: opener } });
  const wraps = (await countWraps(unit)).get(opener)?.wraps ?? 0;
  if (root === null && wraps === 0) throw new KeyfoldError("not_found");
  if (opener === keep.hybrid)
    refuse(
      `${opener} is the current hybrid seed. Start with the new one as the hybrid seed, rotate, and then retire this one.`,
    );
  if (opener === keep.root)
    refuse(
      `${opener} is the current root key. Start with the new one as the root key, rotate, and then retire this one.`,
    );
  if (root?.retiredAt && wraps === 0)
    refuse(`${opener} was retired on ${root.retiredAt.toISOString().slice(0, 10)}.`);
  const inTheWay = await stillWrapsUnder(unit, opener);
  if (inTheWay !== null) refuse(inTheWay);
  const { total, lacking } = await countKeys(unit, keep);
  if (lacking > 0)
    refuse(
      `${lacking} of ${total} keys are not wrapped under ${currentNames(keep)} yet, and need ${opener}. Rotate and verify first.`,
    );
  // The hybrid seed is no opener by itself.
  if (isHsm(await asked(() => unit.call.services.openers.current())) && !unit.call.services.allowSoleHsm)
    if (!(await opensWithoutThese(unit, [keep.root, opener])))
      refuse(`The HSM's key ${keep.root} would be the only root key left. ${SOLE_HSM}`);
  const [verified, rotated] = [
    await newestDone(unit, "verify", keep.root),
    await newestDone(unit, "rotate", keep.root),
  ];
  if (verified === null || (rotated !== null && verified.startedAt < rotated.finishedAt!))
    refuse(`It was not verified yet that every key opens with ${currentNames(keep)}. Verify first.`);
  return wraps;
}

function refuse(sentence: string): never {
  throw new KeyfoldError("illegal_state", { sentence });
}

/**
 * The last of it, in one transaction, alone with the root key's lock: whoever was wrapping under it has committed, and
 * whoever comes later is refused by the database. null where a wrap is left after all: then another slice follows; a sentence
 * where a process is in the way.
 */
async function finish(
  unit: DeploymentUnit,
  job: Job,
  opener: string,
  keep: CurrentOpeners,
): Promise<Job | string | null> {
  await unit.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 11))::text", [opener]);
  const inTheWay = await stillWrapsUnder(unit, opener); // it may have been started meanwhile
  if (inTheWay !== null) return inTheWay;
  if ((await countKeys(unit, keep)).lacking > 0) return null;
  const left = await unit.query("SELECT id FROM control_plane.tenants_wrapped($1, $2::uuid, 1) AS id", [
    opener,
    NO_TENANT,
  ]);
  if (left.length > 0) return null;
  await unit.sql.deploymentKeyWrap.deleteMany({ where: { opener } });
  await unit.sql.rootKey.updateMany({
    where: { id: opener, retiredAt: null },
    data: { retiredAt: unit.now },
  });
  return finishJob(unit, job, job.total);
}

async function progress(call: Call, job: Job, opener: string, problem: ErrorCode | null): Promise<Job> {
  const wraps = await onDeployment(call, async (unit) => (await countWraps(unit)).get(opener)?.wraps ?? 0);
  const total = Math.max(job.total, wraps);
  const state = problem === null ? "running" : "stopped";
  return noteProgress(call, job, { problem, state, total, done: total - wraps });
}
