import { randomUUID } from "node:crypto";
import { withDeployment, withTenant } from "@keyfold/db";
import { decodeHeads, openCheckpoint, type PushedCheckpoint } from "@keyfold/ledger";
import { makeCheckpoint } from "../checkpoint/make.ts";
import { KeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Services } from "../flow/services.ts";
import { tellChain } from "../host/tell.ts";
import { readJournal } from "../journal/read.ts";
import { type Replayed, replay } from "../journal/replay.ts";
import { waitAnew } from "./wait-anew.ts";

const NO_CHAIN = "00000000-0000-0000-0000-000000000000";
const LOT = 100;

/** A chain that had gone further than the backup, as a checkpoint from outside proves. */
export interface LostEvents {
  chain: string;
  /** How many events of it are gone. */
  events: number;
}

export interface RestoreReport {
  backupAt: Date;
  /** The log of checkpoints that begins here. */
  log: number;
  /** Chains whose epoch was raised, in this call. */
  chains: number;
  /** Shreddings whose wait runs anew, in this call. */
  waits: number;
  /** What the backup did not hold yet; null where no checkpoint from outside was given. */
  lost: LostEvents[] | null;
  /** null where no journal was given. */
  replayed: Replayed | null;
}

/**
 * Ends a restore whose rows are in place: begins a new log of checkpoints that names the last one, tells every chain (which
 * raises its epoch by a random step, so that nothing that a process remembers from before holds), and lets the server
 * start. May be cut short and called again.
 * @param pushed the newest checkpoint that was pushed off the machine, verified with the deployment's key
 * @throws KeyfoldError `illegal_state` where nothing is being restored
 */
export async function finishRestore(
  services: Services,
  options: { pushed: PushedCheckpoint | null; journal: string | null },
): Promise<RestoreReport> {
  // Read before anything is done: one with gaps stops it.
  const journal = options.journal === null ? null : readJournal(services.journalKey, options.journal);
  const { restore, log, lost } = await begin(services, options.pushed);
  const replayed =
    journal === null ? null : { ...(await replay(services, journal.lines)), passedOver: journal.passedOver };
  let after = restore.cursor ?? NO_CHAIN;
  let [chains, waits] = [1, 0];
  for (;;) {
    const tenants = await again(() =>
      withDeployment(services.db, (tx) =>
        tx.query<{ id: string }>(`SELECT id FROM control_plane.all_tenants($1::uuid, ${LOT}) AS id`, [after]),
      ),
    );
    if (tenants.length === 0) break;
    for (const { id } of tenants) {
      await tellTenant(services, id, restore);
      if (await waitAnew(services, id, restore.startedAt)) waits += 1;
    }
    chains += tenants.length;
    after = tenants.at(-1)!.id;
    await again(() =>
      withDeployment(services.db, ({ sql }) =>
        sql.restore.update({ where: { number: restore.number }, data: { cursor: after } }),
      ),
    );
  }
  await makeCheckpoint(services);
  await again(() =>
    withDeployment(services.db, ({ sql, now }) =>
      sql.restore.update({ where: { number: restore.number }, data: { finishedAt: now } }),
    ),
  );
  return { backupAt: restore.backupAt, log, chains, waits, lost, replayed };
}

interface OpenRestore {
  number: number;
  backup: string;
  backupAt: Date;
  startedAt: Date;
  cursor: string | null;
}

/** The new log, and the event that names the checkpoint that it goes on from: once, however often this is called. */
async function begin(
  services: Services,
  pushed: PushedCheckpoint | null,
): Promise<{ restore: OpenRestore; log: number; lost: LostEvents[] | null }> {
  return again(() =>
    withDeployment(services.db, async (tx) => {
      const { sql } = tx;
      const restore = await sql.restore.findFirst({ where: { finishedAt: null } });
      if (restore === null)
        throw new KeyfoldError("illegal_state", { sentence: "Nothing is being restored here." });
      const newest = await sql.checkpointLog.findFirstOrThrow({ orderBy: { number: "desc" } });
      const lost = pushed === null ? null : await lostSince(services, pushed);
      // A log that has begun after this restore did is this restore's.
      if (newest.startedAt >= restore.startedAt) return { restore, log: newest.number, lost };
      const last = await sql.checkpoint.findFirst({
        where: { log: newest.number },
        orderBy: { number: "desc" },
        select: { note: true },
      });
      const follows = pushed?.proof.note ?? last?.note ?? null;
      await sql.checkpointHeads.deleteMany({});
      const log = newest.number + 1;
      await sql.checkpointLog.create({ data: { number: log, id: randomUUID(), follows, startedAt: tx.now } });
      const checkpoint = follows === null ? null : openCheckpoint(follows, [services.signer.verifier]);
      await tellChain(services, tx, null, "deployment.restored", {
        target: { type: "chain", id: services.deployment, name: null },
        details: {
          backup: restore.backup,
          backupAt: restore.backupAt.toISOString(),
          checkpointOrigin: checkpoint?.origin ?? null,
          checkpointSize: checkpoint?.size ?? null,
          checkpointRoot: checkpoint?.root.toString("base64") ?? null,
          chainsCut: lost?.length ?? null,
          eventsLost: lost?.reduce((sum, { events }) => sum + events, 0) ?? null,
        },
      });
      return { restore, log, lost };
    }),
  );
}

/** Which chains a checkpoint from outside shows to have been longer than they are now, or to have been others. */
async function lostSince(services: Services, pushed: PushedCheckpoint): Promise<LostEvents[]> {
  const heads = new Map(
    (
      await again(() =>
        withDeployment(services.db, (tx) =>
          tx.query<{ chain: string; events: bigint }>(
            "SELECT chain, events FROM control_plane.chain_heads()",
            [],
          ),
        ),
      )
    ).map(({ chain, events }) => [chain, Number(events)]),
  );
  return decodeHeads(pushed.heads).flatMap(({ chain, events }) => {
    const gone = events - (heads.get(chain) ?? 0);
    return gone > 0 ? [{ chain, events: gone }] : [];
  });
}

async function tellTenant(services: Services, id: string, restore: OpenRestore): Promise<void> {
  await again(() =>
    withTenant(services.db, id, (tx) =>
      tellChain(services, tx, id, "deployment.restored", {
        target: { type: "chain", id, name: null },
        details: { backup: restore.backup, backupAt: restore.backupAt.toISOString() },
      }),
    ),
  );
}
