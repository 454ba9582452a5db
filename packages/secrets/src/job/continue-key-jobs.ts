import { withDeployment } from "@keyfold/db";
import type { ErrorCode } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Services } from "../flow/services.ts";
import { rotateKeys } from "../key/root/rotate.ts";
import { verifyKeys } from "../key/root/verify.ts";
import type { KeyJobView } from "../key/schema.ts";
import { asked } from "../key/tenant/asked.ts";
import { reEncrypt } from "../key/term/re-encrypt.ts";
import { rotateTenantKeys } from "../key/term/rotate-tenant.ts";
import { defineJob, type JobRun } from "./define.ts";

/** Keys per second: so few that traffic does not feel it. Whoever is in a hurry runs the command, which has no limit. */
const KEYS_PER_SECOND = 200;
const SLICE_SECONDS = 5;

/** Whoever began it is taken to have left after so long without progress, in milliseconds. */
const LEFT_MS = 60_000;

/** What passes by itself, and is tried again after a while. */
const PASSING: readonly ErrorCode[] = [
  "key_unavailable",
  "database_unavailable",
  "database_slow",
  "busy",
  "conflict",
];
const TRY_AGAIN_MS = 300_000;

/**
 * Goes on with a rotation or verification of the root key, a rotation of tenant keys or a re-encryption that nobody drives
 * any more, so that one that was started in the panel, or by a command that ended, finishes by itself. Those of the root
 * key only where theirs is this process's current one; what takes away (a retirement, the removal of an opener) waits for
 * a person.
 */
export const continueKeyJobs = defineJob({
  name: "key_jobs.continue",
  everySeconds: 30,
  actions: ["key.rotate", "key.verify", "key.rotate_tenant", "key.re_encrypt"],
  async run(run) {
    const job = await leftBehind(run.services, run.again);
    if (job === null) return "done";
    const { state } = await slice(run, job);
    // Another one may wait behind a job that is done.
    return state === "stopped" ? "done" : "more";
  },
});

/** What a row says that a slice goes on with. */
interface LeftBehind {
  kind: string;
  tenantId: string | null;
  secretId: string | null;
  digests: boolean;
}

function slice({ perform }: JobRun, { kind, tenantId, secretId, digests }: LeftBehind): Promise<KeyJobView> {
  const pace = { forSeconds: SLICE_SECONDS, perSecond: KEYS_PER_SECOND };
  if (kind === "rotate") return perform(rotateKeys, pace);
  if (kind === "verify") return perform(verifyKeys, pace);
  const where = { ...(tenantId === null ? {} : { tenant: tenantId }), ...pace };
  if (kind === "rotate_tenant") return perform(rotateTenantKeys, where);
  return perform(reEncrypt, { ...where, ...(secretId === null ? {} : { secret: secretId }), digests });
}

/** @param goingOn the progress that was just made is this job's own */
async function leftBehind(services: Services, goingOn: boolean): Promise<LeftBehind | null> {
  const { id } = await asked(() => services.openers.current());
  return again(() =>
    withDeployment(services.db, async ({ sql, now }) => {
      const before = (ms: number) => new Date(now.getTime() - ms);
      const running = goingOn ? {} : { updatedAt: { lt: before(LEFT_MS) } };
      return sql.keyJob.findFirst({
        where: {
          AND: [
            {
              OR: [
                { kind: { in: ["rotate", "verify"] }, opener: id },
                { kind: { in: ["rotate_tenant", "re_encrypt"] } },
              ],
            },
            {
              OR: [
                { state: "running", ...running },
                {
                  state: "stopped",
                  problem: { in: [...PASSING] },
                  updatedAt: { lt: before(TRY_AGAIN_MS) },
                },
                // What it has left to the removal of an opener is its own again when that is done.
                {
                  state: "stopped",
                  problem: "illegal_state",
                  kind: { in: ["rotate_tenant", "re_encrypt"] },
                  updatedAt: { lt: before(TRY_AGAIN_MS) },
                },
              ],
            },
          ],
        },
        orderBy: { startedAt: "asc" },
      });
    }),
  );
}
