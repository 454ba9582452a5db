import type { Query } from "@keyfold/db";
import { encodeBodies, leafHash, merkleRoot } from "@keyfold/ledger";
import { type ErrorCode, KeyfoldError } from "../error.ts";
import { databaseError } from "../flow/database-error.ts";
import type { NewMessage } from "../message/tell.ts";
import { newBatchId } from "./batch-id.ts";

export interface Judgement {
  /** A read: append only if the chain's epoch is still this one. */
  expectedEpoch?: bigint | null;
  /** A change of rights, states or keys: the epoch grows. */
  raise?: boolean;
  /** Append only before this moment, by the database's clock. */
  deadline?: Date | null;
  /** Append only while this token is alive, and with it the session that stands for it. */
  token?: Liveness | null;
}

/** What an append asks the database about who acts. */
export interface Liveness {
  /** The token's id; null: a person acts, whose session is what must be alive. */
  id: string | null;
  operator: boolean;
  session: string | null;
}

/** Why nothing was appended: "gone" for a tenant that was purged. */
export type AppendOutcome = "appended" | "epoch" | "deadline" | "token" | "gone";

/** Messages, and the id of the batch that they are part of. */
export interface Told {
  readonly batch: string;
  readonly messages: readonly NewMessage[];
}

/** A batch of its own, of which nobody is told. */
export const toldNobody = (): { batch: string; messages: NewMessage[] } => ({
  batch: newBatchId(),
  messages: [],
});

const PARAMETERS =
  "$1::uuid, $2::uuid, $3::int, $4::bytea, $5::bytea, $6::bytea, $7::bigint, $8::boolean, $9::timestamptz, $10::uuid, $11::boolean, $12::uuid";
const SQL = `SELECT outcome FROM control_plane.append_events(${PARAMETERS})`;
const SQL_WITH_MESSAGES = `SELECT outcome FROM control_plane.append_change(${PARAMETERS}, $13::jsonb)`;

/**
 * Appends events to a chain as one batch, and has the database judge it under the chain's lock: the events are
 * durable once the statement's transaction has committed, or, when the outcome is another than "appended", not there.
 * @param told what the tenant's consumers are told of the same change, written in the same statement
 */
export async function append(
  query: Query,
  chain: string,
  events: readonly Buffer[],
  judge: Judgement,
  { batch, messages }: Told = toldNobody(),
): Promise<AppendOutcome> {
  const leaves = events.map(leafHash);
  const rows = await query<{ outcome: AppendOutcome }>(messages.length === 0 ? SQL : SQL_WITH_MESSAGES, [
    chain,
    batch,
    events.length,
    merkleRoot(leaves),
    Buffer.concat(leaves),
    encodeBodies(events),
    judge.expectedEpoch === undefined || judge.expectedEpoch === null ? null : judge.expectedEpoch.toString(),
    judge.raise ?? false,
    judge.deadline ?? null,
    judge.token?.id ?? null,
    judge.token?.operator ?? false,
    judge.token?.session ?? null,
    ...(messages.length === 0 ? [] : [JSON.stringify(messages)]),
  ]).catch((error: unknown) => {
    throw unwritten(error);
  });
  return rows[0]!.outcome;
}

/** What says itself why it failed, and is no matter of the audit log alone. */
const NAMED: ReadonlySet<ErrorCode> = new Set([
  "database_unavailable",
  "database_slow",
  "database_full",
  "busy",
  "conflict",
]);

/** An event that cannot be stored ends what it was to tell of: with the database's own reason, or by this name. */
export function unwritten(error: unknown): KeyfoldError {
  const named = databaseError(error);
  return named !== null && NAMED.has(named.code)
    ? named
    : new KeyfoldError("audit_unavailable", { cause: error });
}
