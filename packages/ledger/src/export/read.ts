import { type Batch, encodeBodies, MAX_BATCH_EVENTS } from "../batch.ts";
import type { HeadProof } from "../checkpoint.ts";
import { LedgerError } from "../error.ts";
import type { ChainPoint } from "../finding.ts";
import {
  type BatchLine,
  batchOf,
  type ConsistencyLine,
  consistencyOf,
  type ExportHeader,
  endOf,
  headerOf,
  headProofOf,
} from "./lines.ts";

/** An export that is read line by line: what it says of itself, and its batches. */
export interface ExportReading {
  readonly header: ExportHeader;
  readonly checkpoint: HeadProof | null;
  readonly consistency: ConsistencyLine | null;
  /** To be taken once. Throws LedgerError `malformed` where a line cannot be read, by its number. */
  readonly batches: Iterable<Batch>;
  /** What its last line says; null before the batches were taken, and where the file was cut. */
  end(): ChainPoint | null;
}

const STARTS = {
  export: Buffer.from('{"export":'),
  checkpoint: Buffer.from('{"checkpoint":'),
  consistency: Buffer.from('{"consistency":'),
  batch: Buffer.from('{"batch":'),
  end: Buffer.from('{"end":'),
};
/** Most lines are events, which begin with another letter: that is seen without a slice of each. */
const is = (line: Buffer, name: keyof typeof STARTS): boolean =>
  line[2] === STARTS[name][2] && line.subarray(0, STARTS[name].length).equals(STARTS[name]);

/**
 * Reads an export's first lines, and the rest as it is asked for: a file of any size in the memory of one batch.
 * @param lines without their ends
 * @throws LedgerError `malformed`, `unsupported_version`
 */
export function readExport(lines: Iterable<Buffer>): ExportReading {
  const rest = numbered(lines);
  const first = rest.next();
  if (first === null || !is(first, "export"))
    throw new LedgerError("malformed", "this is no export of an audit log");
  const header = rest.reading(() => headerOf(member(first, "export")));
  let next = rest.next();
  let checkpoint: HeadProof | null = null;
  if (next !== null && is(next, "checkpoint")) {
    const line = next;
    checkpoint = rest.reading(() => headProofOf(member(line, "checkpoint")));
    next = rest.next();
  }
  let consistency: ConsistencyLine | null = null;
  if (header.version === 2) {
    const line = next;
    if (checkpoint === null || line === null || !is(line, "consistency"))
      return rest.refuse("a checkpoint and its consistency proof belong here");
    consistency = rest.reading(() => consistencyOf(member(line, "consistency")));
    next = rest.next();
  }
  let end: ChainPoint | null = null;

  function* batches(): Generator<Batch> {
    while (next !== null) {
      const line = next;
      if (is(line, "end")) {
        end = rest.reading(() => endOf(member(line, "end")));
        next = rest.next();
        if (next !== null) rest.refuse("something follows the end");
        return;
      }
      if (!is(line, "batch")) rest.refuse("an event stands where a batch belongs");
      const batch = rest.reading(() => batchOf(member(line, "batch")));
      const events: Buffer[] = [];
      for (next = rest.next(); next !== null && !is(next, "batch") && !is(next, "end"); next = rest.next()) {
        if (events.length === MAX_BATCH_EVENTS) rest.refuse("a batch has too many events");
        events.push(next);
      }
      yield rest.reading(() => joined(batch, events));
    }
  }
  return { header, checkpoint, consistency, batches: { [Symbol.iterator]: batches }, end: () => end };
}

function joined(line: BatchLine, events: readonly Buffer[]): Batch {
  const { pruned, ...batch } = line;
  if (pruned && events.length > 0) throw new LedgerError("malformed", "a batch that was pruned has events");
  // Of a batch whose events are all gone, the kept leaves say how many there were.
  const bodies = pruned || events.length === 0 ? null : encodeBodies(events);
  if (!pruned && bodies === null)
    throw new LedgerError("malformed", "a batch has no events, and was not pruned");
  return { ...batch, bodies };
}

function member(line: Buffer, name: string): unknown {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(line.toString("utf8")) as Record<string, unknown>;
  } catch {
    throw new LedgerError("malformed", "it is not JSON");
  }
  if (Object.keys(json).length !== 1) throw new LedgerError("malformed", "it has more than one member");
  return json[name];
}

function numbered(lines: Iterable<Buffer>) {
  const each = lines[Symbol.iterator]();
  let number = 0;
  const refuse = (message: string): never => {
    throw new LedgerError("malformed", `line ${number}: ${message}`);
  };
  return {
    refuse,
    next(): Buffer | null {
      const { done, value } = each.next();
      if (done) return null;
      number++;
      return value;
    },
    reading<T>(read: () => T): T {
      try {
        return read();
      } catch (error) {
        if (error instanceof LedgerError && error.code === "malformed") return refuse(error.message);
        throw error;
      }
    },
  };
}
