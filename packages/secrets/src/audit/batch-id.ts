import { randomUUID } from "node:crypto";

/**
 * The id of a batch that is about to be appended: a UUID of version 8 (RFC 9562, section 5.8) that begins with the time, so that
 * in the index of all chains' batches new ones stand side by side, and has 90 random bits. The time is told to about a minute
 * (65.536 seconds): messages are named by it, and no reader of them learns from that when exactly something else was read.
 */
export function newBatchId(milliseconds = Date.now()): string {
  const minute = Math.floor(milliseconds / 65_536);
  // The variant included, the rest of it is version 4's.
  const random = randomUUID();
  return `${minute.toString(16).padStart(8, "0")}${random.slice(8, 14)}8${random.slice(15)}`;
}
