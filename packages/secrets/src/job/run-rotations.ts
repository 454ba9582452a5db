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
/** At once: the pool's other connections are for whoever reads meanwhile. */
const AT_ONCE = 4;
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
    const queue = due.values();
    const work = async () => {
      for (const one of queue) {
        if (signal.aborted || performance.now() > until) return;
        if (await perform(call, one, signal)) done++;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    // What was only put off stays out of the next look; with nothing done, the next run is soon enough.
    return done > 0 ? "more" : "done";
  },
});

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
