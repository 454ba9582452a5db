import type { Query } from "@keyfold/db";
import { z } from "zod";

/*
 * A message's name: `msg_<its batch's id, 32 hex digits>_<its place in the batch>`. One name everywhere: a webhook's
 * `webhook-id`, the stream's cursor, the delivery log. It says what it names, within a minute when that
 * was, and nothing of how much else there is.
 */

export const messageId = z
  .string()
  .regex(/^msg_[0-9a-f]{32}_(0|[1-9]\d{0,3})$/, { error: "is not the id of a message" });

export const formatMessageId = (batchId: string, item: number): string =>
  `msg_${batchId.replaceAll("-", "")}_${item}`;

/** @param id as `messageId` takes it */
export function parseMessageId(id: string): { batchId: string; item: number } {
  const [, hex = "", item] = id.split("_");
  const batchId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return { batchId, item: Number(item) };
}

/** Where a batch stands in its chain, and when it was appended; null: this chain never had it, or has lost it. */
export async function findBatch(
  query: Query,
  chain: string,
  batchId: string,
): Promise<{ number: string; createdAt: Date } | null> {
  const [row] = await query<{ number: string | bigint; createdAt: Date }>(
    `SELECT number, created_at AS "createdAt" FROM control_plane.audit_batches WHERE chain_id = control_plane.chain_of($1::uuid) AND batch_id = $2::uuid`,
    [chain, batchId],
  );
  return row === undefined ? null : { number: row.number.toString(), createdAt: row.createdAt };
}
