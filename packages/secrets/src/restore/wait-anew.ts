import { randomUUID } from "node:crypto";
import { actorRef } from "../access/actor.ts";
import { tellDeployment } from "../audit/deployment.ts";
import { KeyfoldError } from "../error.ts";
import { changeSql } from "../flow/change.ts";
import type { Services } from "../flow/services.ts";
import { callOf } from "../journal/replay.ts";
import { insertShred, moveShred, newestShred } from "../shred/store.ts";
import { loadTenant } from "../tenant/store.ts";

const REASON = "restored from a backup: its wait runs anew";

/**
 * A shredding that the backup shows waiting may have been cancelled since, and nobody could cancel what is due the moment
 * that the server starts: both sides' agreement stands, and its wait begins again. Where the keys were destroyed again
 * there is nothing to wait for.
 * @param since when the restore began: what was agreed later has waited for none of it
 * @returns whether a wait was begun
 */
export async function waitAnew(services: Services, tenantId: string, since: Date): Promise<boolean> {
  const call = callOf(services, "tenant.shred");
  return changeSql(
    call,
    tenantId,
    async (unit) => {
      const row = await waitingSince(unit, since);
      if (row === null) return false;
      const keys = await unit.query(
        "SELECT 1 FROM control_plane.tenant_keys WHERE tenant_id = $1::uuid LIMIT 1",
        [tenantId],
      );
      if (keys.length === 0) return false;
      const tenant = await loadTenant(unit, tenantId, { deleted: true });
      await moveShred(unit, row, {
        state: "cancelled",
        cancelledBy: { ...actorRef(call.actor) },
        cancelledAt: unit.now,
      });
      const { slug, reason, waitSeconds } = row;
      const requestedBy = row.requestedBy as object;
      const asked = await insertShred(unit, { id: randomUUID(), slug, reason, waitSeconds, requestedBy });
      const moved = await moveShred(unit, asked, {
        state: "waiting",
        agreedBy: row.agreedBy as object,
        agreedAt: unit.now,
        dueAt: new Date(unit.now.getTime() + waitSeconds * 1000),
      });
      const happening = {
        action: "tenant.shred_wait_begun_anew",
        target: { type: "tenant" as const, id: tenantId, name: tenant.slug },
        reason: REASON,
        details: { shred: moved.id, instead: row.id, dueAt: moved.dueAt!.toISOString() },
      };
      unit.record(happening);
      await tellDeployment(unit, happening);
      return true;
    },
    { tenant: "any" },
  );
}

/** What waits since before the restore. One that is not authentic is run by nobody, and holds up no restore. */
async function waitingSince(unit: Parameters<typeof newestShred>[0], since: Date) {
  try {
    const row = await newestShred(unit);
    return row?.state === "waiting" && row.agreedAt! < since ? row : null;
  } catch (error) {
    if (error instanceof KeyfoldError && error.code === "integrity_failed") return null;
    throw error;
  }
}
