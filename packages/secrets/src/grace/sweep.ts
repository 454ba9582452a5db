import { withDeployment } from "@keyfold/db";
import { asKeyfoldError, describeCause } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Call } from "../flow/call.ts";
import { changeSql, type Unit } from "../flow/change.ts";
import { databaseError } from "../flow/database-error.ts";
import { iso } from "../input/stored.ts";
import { tell } from "../message/tell.ts";
import { moveVersion } from "../version/write.ts";
import { settleGrace } from "./keep.ts";
import { lockSwept } from "./load.ts";

/** What one look finds at most of each kind. */
const LOT = 500;
/** Secrets at once: the pool's other connections are for whoever reads meanwhile. */
const AT_ONCE = 4;

interface Due {
  tenant_id: string;
  secret_id: string;
  number: number;
  what: "end" | "warn";
}

/**
 * One slice of the sweep: graces that have ended are settled, and readers are told of those that end within an hour. A
 * late sweep opens nothing, since every read is judged by its deadline; one that runs twice at once does no harm.
 * @param call by someone who may end graces
 */
export async function sweepGraces(call: Call): Promise<"more" | "done"> {
  const due = await again(() =>
    withDeployment(call.services.db, (tx) =>
      tx.query<Due>("SELECT * FROM control_plane.due_versions($1::int)", [LOT]),
    ),
  );
  let settled = 0;
  const queue = due.values();
  const work = async () => {
    for (const one of queue) if (await settle(call, one)) settled++;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  // What cannot be settled stays due: with nothing else left, the next run is soon enough.
  return settled > 0 && due.length >= LOT ? "more" : "done";
}

/** @returns whether it is due no more; what fails is told to the log, and keeps nobody else waiting */
async function settle(call: Call, due: Due): Promise<boolean> {
  try {
    await changeSql(
      call,
      due.tenant_id,
      async (unit) => {
        if (due.what === "end") await end(unit, due);
        else await warn(unit, due);
      },
      // Nobody who remembers this version could have read it since its deadline: there is nothing to forget.
      { raise: false },
    );
    return true;
  } catch (error) {
    const { code, cause } = asKeyfoldError(databaseError(error) ?? error);
    if (code === "not_found") return true; // a tenant that was deleted meanwhile
    call.services.log.error(
      {
        code,
        tenant: due.tenant_id,
        secret: due.secret_id,
        version: due.number,
        cause: describeCause(cause),
      },
      "a grace could not be settled",
    );
    return false;
  }
}

async function end(unit: Unit, due: Due): Promise<void> {
  const found = await lockSwept(unit, due.secret_id, due.number);
  if (found === null) return;
  const { secret, version } = found;
  if (version.openUntil === null || version.openUntil > unit.now) return; // extended meanwhile
  const ended = await settleGrace(unit, secret, version);
  unit.record({
    action: "version.grace_ended",
    target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
    details: { openUntil: iso(version.openUntil), became: ended.state },
  });
  tell(unit, "secret.grace_ended", secret, { version: version.number });
}

async function warn(unit: Unit, due: Due): Promise<void> {
  const found = await lockSwept(unit, due.secret_id, due.number);
  if (found === null || found.version.warnedAt !== null) return;
  const { secret, version } = found;
  await moveVersion(unit, version, { state: "grace", warnedAt: unit.now });
  unit.record({
    action: "version.grace_ending",
    target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
    details: { openUntil: iso(version.openUntil) },
  });
  tell(unit, "secret.grace_ending", secret, {
    version: version.number,
    open_until: iso(version.openUntil),
    current_version: secret.currentVersion,
  });
}
