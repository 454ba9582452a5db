import { randomUUID } from "node:crypto";

/**
 * The id of a batch that is about to be appended: a UUID of version 7 (RFC 9562, section 5.7), which begins with the time, so
 * that in the index of all chains' batches new ones stand side by side, and has 74 random bits.
 */
export function newBatchId(milliseconds = Date.now()): string {
  const time = milliseconds.toString(16).padStart(12, "0");
  // Version and variant included, the rest of it is version 4's.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
