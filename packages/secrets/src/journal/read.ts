import { timingSafeEqual } from "node:crypto";
import type { SecretKey } from "@keyfold/envelope";
import { z } from "zod";
import { KeyfoldError } from "../error.ts";
import { JOURNALED, type JournalLine } from "./journal.ts";

const lineSchema = z.object({
  v: z.literal(1),
  writer: z.uuid(),
  n: z.int().min(1),
  at: z.iso.datetime(),
  chain: z.uuid(),
  batch: z.uuid(),
  action: z.enum(JOURNALED),
  target: z.object({ type: z.string(), id: z.uuid(), version: z.int().nullable() }),
});

/** A journal's lines in their order, and how many others there were: cut off by a crash, or not this deployment's. */
export interface ReadJournal {
  lines: JournalLine[];
  passedOver: number;
}

/**
 * Reads a journal. A line that is not authentic counts for nothing.
 * @throws KeyfoldError `integrity_failed` where lines are missing between two that are there, or stand in another order
 */
export function readJournal(key: SecretKey, text: string): ReadJournal {
  const lines: JournalLine[] = [];
  const counts = new Map<string, number>();
  let passedOver = 0;
  for (const raw of text.split("\n")) {
    if (raw === "") continue;
    const line = openLine(key, raw);
    if (line === null) {
      passedOver += 1;
      continue;
    }
    const before = counts.get(line.writer) ?? 0;
    // A line that is written again, since it was not known whether it had been.
    if (line.n <= before) continue;
    if (line.n !== before + 1)
      throw new KeyfoldError("integrity_failed", {
        sentence: `The journal was edited: ${line.n - before - 1} lines are missing before ${line.at}. Take another copy of it.`,
        cause: new Error("lines of the journal are missing"),
      });
    counts.set(line.writer, line.n);
    lines.push(line);
  }
  return { lines, passedOver };
}

function openLine(key: SecretKey, raw: string): JournalLine | null {
  const [, mac, json] = /^([0-9a-f]{64}) (\{.*\})$/.exec(raw) ?? [];
  if (mac === undefined || json === undefined) return null;
  if (!timingSafeEqual(Buffer.from(mac, "hex"), key.hmacSha256(json))) return null;
  const parsed = lineSchema.safeParse(JSON.parse(json));
  // Authentic, but of a later release: to pass it over would be to forget a revocation.
  if (!parsed.success)
    throw new KeyfoldError("integrity_failed", {
      sentence: "The journal holds lines of a newer release. Restore with that one.",
    });
  return parsed.data;
}
