import { decodeNoteKey, LedgerError, verifyExport } from "@keyfold/ledger";
// Also what the ledger takes for the global of this name: its first module reaches this one through node:crypto.
import { Buffer } from "./buffer.ts";

export interface Found {
  ok: boolean;
  /** How much is proven; null where something is wrong. */
  level: "self_consistent" | "signed" | "anchored" | null;
  events: number;
  batches: number;
  provenAt: string | null;
  /** What is wrong, in the verifier's own words. */
  sentence: string | null;
}

/**
 * Verifies an export here, by the code that `keyfold audit verify` runs.
 * @param lines without their ends
 * @param publicKey as name+id+key (c2sp.org/signed-note)
 */
export function verifyLines(lines: readonly string[], publicKey: string): Found {
  try {
    const found = verifyExport(bytesOf(lines), { key: decodeNoteKey(publicKey) });
    if (!found.ok) return wrong(found.sentence);
    return {
      ok: true,
      level: found.level,
      events: found.end.seq,
      batches: found.end.number,
      provenAt: found.provenAt?.toISOString() ?? null,
      sentence: null,
    };
  } catch (error) {
    if (error instanceof LedgerError) return wrong(error.message);
    throw error;
  }
}

const wrong = (sentence: string): Found => ({
  ok: false,
  level: null,
  events: 0,
  batches: 0,
  provenAt: null,
  sentence,
});

function* bytesOf(lines: readonly string[]) {
  for (const line of lines) yield Buffer.from(line, "utf8");
}
