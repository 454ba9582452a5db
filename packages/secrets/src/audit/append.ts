import { randomUUID } from "node:crypto";
import { encodeBodies, leafHash, merkleRoot } from "@keyfold/ledger";

/** Where SQL goes: a transaction of Prisma's, or the pool itself for a statement that is its own transaction. */
export type Query = <Row>(sql: string, params: readonly unknown[]) => Promise<Row[]>;

export interface Judgement {
  /** A read: append only if the chain's epoch is still this one. */
  expectedEpoch?: bigint | null;
  /** A change of rights, states or keys: the epoch grows. */
  raise?: boolean;
  /** Append only before this moment, by the database's clock. */
  deadline?: Date | null;
  /** Append only while this token is alive. */
  token?: { id: string; operator: boolean } | null;
}

export type AppendOutcome = "appended" | "epoch" | "deadline" | "token";

const SQL = `SELECT outcome FROM control_plane.append_events(
  $1::uuid, $2::uuid, $3::int, $4::bytea, $5::bytea, $6::bytea, $7::bigint, $8::boolean, $9::timestamptz, $10::uuid, $11::boolean)`;

/**
 * Appends events to a chain as one batch, and has the database judge it under the chain's lock: the events are
 * durable once the statement's transaction has committed, or, when the outcome is another than "appended", not there.
 */
export async function append(
  query: Query,
  chain: string,
  events: readonly Buffer[],
  judge: Judgement,
): Promise<AppendOutcome> {
  const leaves = events.map(leafHash);
  const rows = await query<{ outcome: AppendOutcome }>(SQL, [
    chain,
    randomUUID(),
    events.length,
    merkleRoot(leaves),
    Buffer.concat(leaves),
    encodeBodies(events),
    judge.expectedEpoch === undefined || judge.expectedEpoch === null ? null : judge.expectedEpoch.toString(),
    judge.raise ?? false,
    judge.deadline ?? null,
    judge.token?.id ?? null,
    judge.token?.operator ?? false,
  ]);
  return rows[0]!.outcome;
}
