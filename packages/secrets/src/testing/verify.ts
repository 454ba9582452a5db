import { type Batch, type ChainBroken, verifyChain } from "@keyfold/ledger";
import type pg from "pg";

interface BatchRow {
  chain_id: string;
  number: string;
  first_seq: string;
  count: number;
  prev_hash: Buffer;
  root: Buffer;
  hash: Buffer;
  bodies: Buffer | null;
  leaves: Buffer;
}

/** Verifies every chain in a database, bodies against leaves; answers each chain's events, or throws what is broken. */
export async function verifyChains(client: Pick<pg.Client, "query">): Promise<Map<string, number>> {
  const { rows: deployments } = await client.query<{ id: string }>(
    "SELECT id FROM control_plane.deployments",
  );
  const { rows } = await client.query<BatchRow>(
    "SELECT * FROM control_plane.audit_batches ORDER BY chain_id, number",
  );
  const chains = Map.groupBy(rows, (row) => row.chain_id);
  const events = new Map<string, number>();
  for (const [chain, batches] of chains) {
    const result = verifyChain(batches.map(batchOf), { deployment: deployments[0]!.id, chain });
    if (!result.ok) throw new Error(`the chain ${chain} is broken: ${(result as ChainBroken).sentence}`);
    events.set(chain, result.events);
  }
  return events;
}

function batchOf(row: BatchRow): Batch {
  return {
    number: Number(row.number),
    firstSeq: Number(row.first_seq),
    count: row.count,
    prevHash: row.prev_hash,
    root: row.root,
    hash: row.hash,
    bodies: row.bodies,
    leaves: row.leaves,
  };
}
