import { withDeployment } from "@keyfold/db";
import { asKeyfoldError, describeCause } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Call } from "../flow/call.ts";
import { databaseError } from "../flow/database-error.ts";
import { cleanUpRotation } from "../rotation/run/clean.ts";
import { continueRotation } from "../rotation/run/continue.ts";
import { remind } from "../rotation/run/remind.ts";
import { startRotation } from "../rotation/run/start.ts";
import { defineJob } from "./define.ts";

/** What one look finds at most of each kind. */
const LOT = 200;
/** At once of what the database alone does: the pool's other connections are for whoever reads meanwhile. */
const AT_ONCE = 4;
/** At once of what waits for targets, mostly; and of one tenant's: its target may hang. */
const TARGETS_AT_ONCE = 16;
const TARGETS_OF_TENANT = 4;
/** No new work is taken up after so long: the next part looks anew for what is most urgent. */
const PART_MS = 5_000;

interface Due {
  tenant_id: string;
  secret_id: string;
  rotation_id: string | null;
  what: "continue" | "begin" | "clean" | "remind";
}

/**
 * Rotates what is due, goes on with what was begun, ends old values at their targets, and reminds people. Each piece is its
 * own: what fails is told of and keeps nobody else waiting, and a piece that two processes take up is done by one.
 */
export const runRotations = defineJob({
  name: "rotations.run",
  everySeconds: 5,
  actions: ["rotation.retry"],
  async run({ services, signal, call: callFor }) {
    const call = callFor("rotation.retry");
    const due = await again(() =>
      withDeployment(services.db, (tx) =>
        tx.query<Due>("SELECT * FROM control_plane.due_rotations($1::int)", [LOT]),
      ),
    );
    const until = performance.now() + PART_MS;
    let done = 0;
    const work = async (one: Due) => {
      if (await perform(call, one, signal)) done++;
    };
    const goesOn = () => !signal.aborted && performance.now() <= until;
    const ownWork = due.filter(({ what }) => !isAtTarget(what));
    const atTargets = due.filter(({ what }) => isAtTarget(what));
    await Promise.all([
      each(ownWork, { atOnce: AT_ONCE, ofTenant: AT_ONCE, goesOn }, work),
      each(atTargets, { atOnce: TARGETS_AT_ONCE, ofTenant: TARGETS_OF_TENANT, goesOn }, work),
    ]);
    // What was only put off stays out of the next look; with nothing done, the next run is soon enough.
    return done > 0 ? "more" : "done";
  },
});

const isAtTarget = (what: Due["what"]): boolean => what === "continue" || what === "clean";

/** Works through what is due in its order, so much at once, and so much of one tenant's. */
async function each(
  due: readonly Due[],
  bounds: { atOnce: number; ofTenant: number; goesOn: () => boolean },
  work: (one: Due) => Promise<void>,
): Promise<void> {
  const waiting = [...due];
  const underWay = new Map<string, number>();
  const count = (tenant: string) => underWay.get(tenant) ?? 0;
  const worker = async () => {
    while (bounds.goesOn()) {
      // Where what is left is of tenants that have their share, those who are at it go on with it.
      const at = waiting.findIndex((one) => count(one.tenant_id) < bounds.ofTenant);
      const [one] = at === -1 ? [] : waiting.splice(at, 1);
      if (one === undefined) return;
      underWay.set(one.tenant_id, count(one.tenant_id) + 1);
      await work(one);
      underWay.set(one.tenant_id, count(one.tenant_id) - 1);
    }
  };
  await Promise.all(Array.from({ length: bounds.atOnce }, worker));
}

async function perform(call: Call, due: Due, signal: AbortSignal): Promise<boolean> {
  const { tenant_id: tenant, secret_id: secret, rotation_id: rotation } = due;
  try {
    switch (due.what) {
      case "begin":
        await startRotation(call, tenant, { secretId: secret, reason: null, byHand: false });
        return true;
      case "continue":
        return (await continueRotation(call, tenant, rotation!, signal)) !== "busy";
      case "clean":
        await cleanUpRotation(call, tenant, rotation!);
        return true;
      case "remind":
        await remind(call, tenant, secret);
        return true;
    }
  } catch (error) {
    const { code, cause } = asKeyfoldError(databaseError(error) ?? error);
    if (code === "not_found") return false; // deleted meanwhile
    call.services.log.error(
      { code, tenant, secret, rotation, what: due.what, cause: describeCause(cause) },
      "a rotation could not be worked on",
    );
    return false;
  }
}
