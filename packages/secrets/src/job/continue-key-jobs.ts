import { withDeployment } from "@keyfold/db";
import type { ErrorCode } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Services } from "../flow/services.ts";
import { rotateKeys } from "../key/rotate.ts";
import { asked } from "../key/tenant-keys.ts";
import { verifyKeys } from "../key/verify.ts";
import { defineJob } from "./define.ts";

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
 * Goes on with a rotation or verification of the root key that nobody drives any more, so that one that was started in
 * the panel, or by a command that ended, finishes by itself. Only where its root key is this process's current one; a
 * retirement, which takes away, waits for a person.
 */
export const continueKeyJobs = defineJob({
  name: "key_jobs.continue",
  everySeconds: 30,
  actions: ["key.rotate", "key.verify"],
  async run({ services, again: goingOn, perform }) {
    const kind = await leftBehind(services, goingOn);
    if (kind === null) return "done";
    const pace = { forSeconds: SLICE_SECONDS, perSecond: KEYS_PER_SECOND };
    const { state } = await perform(kind === "rotate" ? rotateKeys : verifyKeys, pace);
    return state === "running" || (state === "done" && kind === "rotate") ? "more" : "done";
  },
});

/** @param goingOn the progress that was just made is this job's own */
async function leftBehind(services: Services, goingOn: boolean): Promise<"rotate" | "verify" | null> {
  const { id } = await asked(() => services.openers.current());
  const open = await again(() =>
    withDeployment(services.db, async ({ sql, now }) => {
      const before = (ms: number) => new Date(now.getTime() - ms);
      const running = goingOn ? {} : { updatedAt: { lt: before(LEFT_MS) } };
      return sql.keyJob.findFirst({
        where: {
          kind: { in: ["rotate", "verify"] },
          opener: id,
          OR: [
            { state: "running", ...running },
            {
              state: "stopped",
              problem: { in: [...PASSING] },
              updatedAt: { lt: before(TRY_AGAIN_MS) },
            },
          ],
        },
        orderBy: { kind: "asc" },
      });
    }),
  );
  return open === null ? null : (open.kind as "rotate" | "verify");
}
