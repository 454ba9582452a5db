import type { Transaction } from "@keyfold/db";
import { type Frontier, HASH_BYTES } from "@keyfold/ledger";
import { KeyfoldError } from "../error.ts";

/** The newest checkpoint of a log, as it is stored. */
export interface StoredCheckpoint {
  log: number;
  number: bigint;
  madeAt: Date;
  chains: number;
  headsRoot: Buffer;
  nodes: Buffer;
  note: string;
  /** How far every chain was: 64 bytes each. */
  heads: Buffer;
}

/** Names a log: the first line of its checkpoints. A restore begins another log of the same deployment. */
export const originOf = (deployment: string, log: string): string => `keyfold/${deployment}/${log}`;

/** The log that checkpoints are added to. @throws KeyfoldError `integrity_failed` where there is none */
export async function newestLog({ sql }: Pick<Transaction, "sql">): Promise<{ number: number; id: string }> {
  const log = await sql.checkpointLog.findFirst({ orderBy: { number: "desc" } });
  if (log === null)
    throw new KeyfoldError("integrity_failed", { cause: new Error("there is no log of checkpoints") });
  return log;
}

/** @throws KeyfoldError `integrity_failed` where its heads are gone */
export async function storedNewest(
  { sql }: Pick<Transaction, "sql">,
  log: number,
): Promise<StoredCheckpoint | null> {
  const row = await sql.checkpoint.findFirst({
    where: { log },
    orderBy: { number: "desc" },
    include: { heads: true },
  });
  if (row === null) return null;
  if (row.heads === null)
    throw new KeyfoldError("integrity_failed", {
      cause: new Error("the newest checkpoint's heads are gone from the database"),
    });
  return {
    ...row,
    headsRoot: Buffer.from(row.headsRoot),
    nodes: Buffer.from(row.nodes),
    heads: Buffer.from(row.heads.heads),
  };
}

/** The log's tree with a checkpoint in it. @throws KeyfoldError `integrity_failed` for nodes that are those of no such tree */
export function frontierOf({ number, nodes }: Pick<StoredCheckpoint, "number" | "nodes">): Frontier {
  const each: Buffer[] = [];
  for (let at = 0; at < nodes.length; at += HASH_BYTES) each.push(nodes.subarray(at, at + HASH_BYTES));
  // A full subtree for each bit that is set.
  if (each.length !== number.toString(2).replaceAll("0", "").length)
    throw new KeyfoldError("integrity_failed", {
      cause: new Error("a checkpoint's tree was changed in the database"),
    });
  return { size: Number(number), nodes: each };
}
