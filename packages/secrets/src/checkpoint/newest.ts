import { type Transaction, withDeployment } from "@keyfold/db";
import { type CheckpointProof, EMPTY, pathOfNext } from "@keyfold/ledger";
import { again } from "../flow/again.ts";
import type { Services } from "../flow/services.ts";
import { frontierOf, newestLog, storedNewest } from "./stored.ts";

/** The newest checkpoint, and how far every chain was: 64 bytes each. */
export interface NewestCheckpoint extends CheckpointProof {
  heads: Buffer;
}

/** The newest checkpoint of the newest log; null before the first one. */
export function newestCheckpoint(services: Pick<Services, "db">): Promise<NewestCheckpoint | null> {
  return again(() => withDeployment(services.db, readNewest));
}

/** `newestCheckpoint` in a transaction of the deployment's role. */
async function readNewest(tx: Pick<Transaction, "sql">): Promise<NewestCheckpoint | null> {
  const last = await storedNewest(tx, (await newestLog(tx)).number);
  if (last === null) return null;
  const before = await tx.sql.checkpoint.findUnique({
    where: { log_number: { log: last.log, number: last.number - 1n } },
    select: { number: true, nodes: true },
  });
  return {
    note: last.note,
    time: last.madeAt,
    chains: last.chains,
    headsRoot: last.headsRoot,
    path: pathOfNext(before === null ? EMPTY : frontierOf({ ...before, nodes: Buffer.from(before.nodes) })),
    heads: last.heads,
  };
}
