import type { Query } from "@keyfold/db";
import { encodeBodies, HASH_BYTES, merkleRoot } from "@keyfold/ledger";
import { earliest } from "../access/deadline.ts";
import type { AppendOutcome } from "../audit/append.ts";
import { BIGINT_ARRAY, BinaryArray, INT_ARRAY, UUID_ARRAY } from "./binary-array.ts";
import type { LastNumbers } from "./last-numbers.ts";

/** One read's event, and what it is judged by. */
export interface ReadEvent {
  event: Buffer;
  /** Hashed as it comes: the time between two batches is the database's to wait. */
  leaf: Buffer;
  epoch: bigint;
  deadline: Date | null;
}

/** The reads of one tenant that go into one batch. All are of one epoch. */
export interface ReadBatch {
  chain: string;
  /** Unique in the chain: by it a batch whose commit was lost is found. */
  id: string;
  waiting: readonly ReadEvent[];
}

/** "held": somebody else has the chain, and it was not waited for. */
export type Outcomes = (AppendOutcome | "held")[];

/** Outcomes come as one text, which is split in one call: the driver reads an array's text character by character. */
const SQL = `SELECT array_to_string(control_plane.append_read_batches(
  $1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::int[], $6::bytea, $7::bigint[], $8::timestamptz[], $9::boolean, $10::bigint[]), ',') AS outcomes`;

/** The same for one tenant, the usual case where reads are many. */
const SQL_OF_ONE = `SELECT control_plane.append_read_batch(
  $1::uuid, $2::uuid, $3::int, $4::bytea, $5::bytea, $6::bytea, $7::bigint, $8::timestamptz, $9::boolean) AS outcome`;

/**
 * Appends one tenant's batch.
 * @param wait for a chain that somebody else holds
 * @param numbers what is learnt of the chain's last batch is noted there
 * @returns what became of it
 */
export async function appendOne(
  query: Query,
  batch: ReadBatch,
  wait: boolean,
  numbers: LastNumbers,
): Promise<Outcomes> {
  const [row] = await query<{ outcome: string }>(SQL_OF_ONE, [...rowOf(batch), wait]);
  return [outcomeOf(row!.outcome, batch, numbers)];
}

/**
 * Appends batches of several tenants in one statement, which is one transaction; each is judged by itself. A chain that
 * somebody else holds is not waited for.
 * @param numbers of the chains' last batches, as far as they are known; what is learnt of them is noted there
 * @returns what became of each
 */
export async function appendMany(
  query: Query,
  batches: readonly ReadBatch[],
  numbers: LastNumbers,
): Promise<Outcomes> {
  const [row] = await query<{ outcomes: string }>(SQL, [
    ...columnsOf(batches),
    false,
    knownOf(batches, numbers),
  ]);
  return row!.outcomes.split(",").map((outcome, i) => outcomeOf(outcome, batches[i]!, numbers));
}

const IS_NUMBER = /^\d/;

/** @param text the new batch's number, which is noted, or why there is none */
function outcomeOf(text: string, { chain }: ReadBatch, numbers: LastNumbers): Outcomes[number] {
  if (!IS_NUMBER.test(text)) return text as Outcomes[number];
  numbers.note(chain, BigInt(text));
  return "appended";
}

function knownOf(batches: readonly ReadBatch[], numbers: LastNumbers): Buffer {
  const known = new BinaryArray(BIGINT_ARRAY, batches.length);
  for (const { chain } of batches) known.pushBigint(numbers.of(chain));
  return known.bytes;
}

function rowOf({ chain, id, waiting }: ReadBatch): unknown[] {
  const leaves = waiting.map((one) => one.leaf);
  return [
    chain,
    id,
    waiting.length,
    merkleRoot(leaves),
    Buffer.concat(leaves, HASH_BYTES * leaves.length),
    encodeBodies(waiting.map((one) => one.event)),
    waiting[0]!.epoch.toString(),
    deadlineOf(waiting),
  ];
}

/**
 * Bytes go in one piece as they are: in an array they would go as text of twice the length, which the driver makes byte by
 * byte and the server reads back. The arrays go as PostgreSQL's binary format has them (array_recv), since reading the text
 * of an id or a number takes the server longer than what it does with it; deadlines are few.
 */
function columnsOf(batches: readonly ReadBatch[]): unknown[] {
  const parts: Buffer[] = [];
  const [chains, ids] = [
    new BinaryArray(UUID_ARRAY, batches.length),
    new BinaryArray(UUID_ARRAY, batches.length),
  ];
  const counts = new BinaryArray(INT_ARRAY, batches.length);
  const starts = new BinaryArray(INT_ARRAY, batches.length);
  const ends = new BinaryArray(INT_ARRAY, batches.length);
  const epochs = new BinaryArray(BIGINT_ARRAY, batches.length);
  let deadlines: (Date | null)[] | null = null;
  let at = 0;
  for (const [index, { chain, id, waiting }] of batches.entries()) {
    const leaves = waiting.map((one) => one.leaf);
    const bodies = encodeBodies(waiting.map((one) => one.event));
    parts.push(merkleRoot(leaves), ...leaves, bodies);
    chains.pushUuid(chain);
    ids.pushUuid(id);
    counts.pushInt(waiting.length);
    starts.pushInt(at);
    at += HASH_BYTES * (1 + leaves.length) + bodies.length;
    ends.pushInt(at);
    epochs.pushBigint(waiting[0]!.epoch);
    const deadline = deadlineOf(waiting);
    if (deadline === null) continue;
    deadlines ??= batches.map(() => null);
    deadlines[index] = deadline;
  }
  // Where none is said, a missing column of unnest() is null in each row.
  const bytes = Buffer.concat(parts, at);
  return [chains.bytes, ids.bytes, counts.bytes, starts.bytes, ends.bytes, bytes, epochs.bytes, deadlines];
}

/** The earliest of a batch's deadlines, which is the batch's. */
export const deadlineOf = (waiting: readonly ReadEvent[]): Date | null => {
  let first: Date | null = null;
  for (const { deadline } of waiting) first = earliest(first, deadline);
  return first;
};
