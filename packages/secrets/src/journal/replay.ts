import { randomUUID } from "node:crypto";
import { withDeployment, withTenant } from "@keyfold/db";
import type { JobActor } from "../access/actor.ts";
import { KeyfoldError } from "../error.ts";
import { deleteRule } from "../federation/delete.ts";
import { again } from "../flow/again.ts";
import type { Call } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { endGrace } from "../grace/end.ts";
import { tellChain } from "../host/tell.ts";
import { forgetTenant } from "../key/tenant/forget.ts";
import { scrubKeyTables } from "../key/tenant/scrub.ts";
import { removeMember } from "../member/remove.ts";
import { removeRotationPolicy } from "../rotation/policy/remove.ts";
import { deleteSecret } from "../secret/deleted/delete.ts";
import { restoreSecret } from "../secret/deleted/restore.ts";
import { deleteTenant } from "../tenant/delete.ts";
import { revokeToken } from "../token/revoke.ts";
import { endVersion } from "../version/end.ts";
import { deleteWebhook } from "../webhook/delete.ts";
import type { JournalLine } from "./journal.ts";

/** What a replay came to. */
export interface Replayed {
  done: number;
  /** In the backup already, or about what was made after it, or done by an earlier run. */
  known: number;
  /** Lines that were none of this deployment's. */
  passedOver: number;
}

const REASON = "replayed from the journal after a restore";

/**
 * Does again what was refused after a backup: revokes, destroys, deletes. What the restored chains tell of already is
 * passed by, and what there is nothing left to do about.
 * @throws KeyfoldError the first that fails for another reason: then nothing may serve from here yet
 */
export async function replay(
  services: Services,
  lines: readonly JournalLine[],
): Promise<Omit<Replayed, "passedOver">> {
  let done = 0;
  let destroyed = false;
  for (const line of lines) {
    if (await isTold(services, line)) continue;
    try {
      await redo(services, line);
      done += 1;
      destroyed ||= line.action === "tenant.keys_destroyed" || line.action === "tenant.purged";
    } catch (error) {
      // Made after the backup, and so not here; or in that state by an earlier run.
      if (error instanceof KeyfoldError && (error.code === "not_found" || error.code === "illegal_state"))
        continue;
      throw error;
    }
  }
  // The keys were in this database's files for a moment.
  if (destroyed) await scrubKeyTables(services.db);
  return { done, known: lines.length - done };
}

/** Whether the restored chain holds the very batch that told of it. */
async function isTold(services: Services, { chain, batch }: JournalLine): Promise<boolean> {
  return again(() =>
    withTenant(services.db, chain, async ({ query }) => {
      const rows = await query(
        "SELECT 1 FROM control_plane.audit_batches WHERE chain_id = $1::uuid AND batch_id = $2::uuid",
        [chain, batch],
      );
      return rows.length > 0;
    }),
  );
}

// Forced: what was refused to readers once is refused again, whoever still reads it.
async function redo(services: Services, { action, chain, target }: JournalLine): Promise<void> {
  const { id, version } = target;
  const tenant = chain;
  switch (action) {
    case "token.revoked":
      await revokeToken.run(callOf(services, "token.revoke"), { tenant, id });
      return;
    case "version.revoked":
    case "version.destroyed": {
      if (version === null) throw new KeyfoldError("not_found");
      const to = action === "version.revoked" ? "revoked" : "destroyed";
      const call = callOf(services, to === "revoked" ? "version.revoke" : "version.destroy");
      await endVersion(call, { tenant, id, version, reason: REASON, force: true }, to);
      return;
    }
    case "version.grace_ended":
      if (version === null) throw new KeyfoldError("not_found");
      await endGrace.run(callOf(services, "version.end_grace"), {
        tenant,
        id,
        version,
        reason: REASON,
        force: true,
      });
      return;
    case "secret.deleted":
      await deleteSecret.run(callOf(services, "secret.delete"), { tenant, id, reason: REASON, force: true });
      return;
    case "secret.restored":
      await restoreSecret.run(callOf(services, "secret.restore"), { tenant, id });
      return;
    case "rotation.policy_removed":
      await removeRotationPolicy.run(callOf(services, "rotation.remove_policy"), { tenant, id });
      return;
    case "webhook.deleted":
      await deleteWebhook.run(callOf(services, "webhook.delete"), { tenant, id });
      return;
    case "federation.rule_deleted":
      await deleteRule.run(callOf(services, "federation.delete"), { tenant, id });
      return;
    // Who was given less after the backup had more at its time: they are removed, to be let in anew.
    case "member.removed":
    case "member.narrowed":
      await removeMember.run(callOf(services, "member.remove"), { tenant, personId: id });
      return;
    case "tenant.deleted":
      await deleteTenant.run(callOf(services, "tenant.delete"), { tenant: id });
      return;
    case "tenant.keys_destroyed":
    case "tenant.purged":
      await destroyAgain(services, id);
      return;
  }
}

/** A tenant whose keys were destroyed after the backup loses them again, and is deleted. */
async function destroyAgain(services: Services, id: string): Promise<void> {
  await deleteTenant.run(callOf(services, "tenant.delete"), { tenant: id }).catch((error: unknown) => {
    if (!(error instanceof KeyfoldError && error.code === "not_found")) throw error;
  });
  await again(() =>
    withDeployment(services.db, async (tx) => {
      const [row] = await tx.query<{ keys: number }>(
        "SELECT control_plane.destroy_keys_again($1::uuid) AS keys",
        [id],
      );
      if (row!.keys === 0) return;
      await tellChain(services, tx, null, "tenant.keys_destroyed", {
        target: { type: "tenant", id, name: null },
        reason: REASON,
        details: { keys: row!.keys },
      });
    }),
  );
  forgetTenant(services, id);
}

/** A call as the restore itself. */
export function callOf(services: Services, action: Call["action"]): Call {
  const actor: JobActor = {
    type: "job",
    id: "restore",
    name: "restore",
    via: "job",
    session: null,
    deadline: null,
    actions: [action],
  };
  return {
    services,
    actor,
    action,
    request: { credential: null, ip: null, userAgent: null, correlationId: randomUUID() },
  };
}
