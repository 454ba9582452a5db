import { withDeployment } from "@keyfold/db";
import { consumersBehind } from "../consumer/waiting.ts";
import { asKeyfoldError, describeCause } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Call } from "../flow/call.ts";
import { changeSql, type Unit } from "../flow/change.ts";
import { databaseError } from "../flow/database-error.ts";
import { iso } from "../input/stored.ts";
import { tell } from "../message/tell.ts";
import { moveVersion } from "../version/write.ts";
import { lockSwept } from "./load.ts";
import { endGraceOf, endIfMoved, isBeforeEnd } from "./over.ts";

/** What one look finds at most of each kind. */
const LOT = 500;
/** Versions of one tenant that one transaction settles. */
const TOGETHER = 50;
/** Transactions at once: the pool's other connections are for whoever reads meanwhile. */
const AT_ONCE = 4;

interface Due {
  tenant_id: string;
  secret_id: string;
  number: number;
  what: "end" | "warn" | "held" | "moved";
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
  const queue = together(due).values();
  const work = async () => {
    for (const lot of queue) settled += await settle(call, lot);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  // What cannot be settled stays due: with nothing else left, the next run is soon enough.
  return settled > 0 && due.length >= LOT ? "more" : "done";
}

/** Of one tenant, and all to be forgotten by who remembers them or none: what one transaction settles. */
function together(due: readonly Due[]): Due[][] {
  const lots = new Map<string, Due[]>();
  for (const one of due) {
    const key = `${one.tenant_id} ${wasOpen(one)}`;
    const lot = lots.get(key);
    if (lot === undefined) lots.set(key, [one]);
    else lot.push(one);
  }
  return [...lots.values()].flatMap((lot) => {
    // In one order, so that two sweeps do not wait for each other crosswise.
    lot.sort((a, b) =>
      a.secret_id < b.secret_id ? -1 : a.secret_id > b.secret_id ? 1 : a.number - b.number,
    );
    return Array.from({ length: Math.ceil(lot.length / TOGETHER) }, (_, i) =>
      lot.slice(i * TOGETHER, (i + 1) * TOGETHER),
    );
  });
}

/** Whoever remembers a version whose deadline has passed could not read it since: there is nothing to forget. */
const wasOpen = ({ what }: Due): boolean => what === "held" || what === "moved";

/** @returns how many are due no more; one that fails is told to the log, and keeps no other waiting */
async function settle(call: Call, lot: readonly Due[]): Promise<number> {
  const [first] = lot;
  if (first === undefined) return 0;
  try {
    await changeSql(
      call,
      first.tenant_id,
      async (unit) => {
        for (const one of lot) await WORK[one.what](unit, one);
      },
      { raise: wasOpen(first) },
    );
    return lot.length;
  } catch (error) {
    if (lot.length > 1) {
      let settled = 0;
      for (const one of lot) settled += await settle(call, [one]);
      return settled;
    }
    const { code, cause } = asKeyfoldError(databaseError(error) ?? error);
    call.services.log.error(
      {
        code,
        tenant: first.tenant_id,
        secret: first.secret_id,
        version: first.number,
        cause: describeCause(cause),
      },
      "a grace could not be settled",
    );
    return 0;
  }
}

const WORK = { end, warn, held, moved } as const;

async function end(unit: Unit, due: Due): Promise<void> {
  const found = await lockSwept(unit, due.secret_id, due.number);
  if (found === null || found.version.held || isBeforeEnd(unit, found.version)) return; // extended meanwhile
  await endGraceOf(unit, found, "time");
}

/** Held past its deadline: it ends once no live consumer is on it; until then, somebody hears of it every day. */
async function held(unit: Unit, due: Due): Promise<void> {
  const found = await lockSwept(unit, due.secret_id, due.number);
  if (found === null || !found.version.held || isBeforeEnd(unit, found.version)) return;
  const { secret, version } = found;
  const consumers = await consumersBehind(unit, secret.id, version.number);
  if (consumers === 0) return endGraceOf(unit, found, "moved");
  await moveVersion(unit, version, { state: "grace", warnedAt: unit.now });
  unit.record({
    action: "version.grace_held",
    target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
    details: { openUntil: iso(version.openUntil), consumers },
  });
  tell(unit, "secret.grace_held", secret, { version: version.number, consumers });
}

async function moved(unit: Unit, due: Due): Promise<void> {
  await endIfMoved(unit, due.secret_id, due.number);
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
