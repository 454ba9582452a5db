import { createHash } from "node:crypto";
import { z } from "zod";
import { RecoveryError } from "./recovery-error.ts";

/*
 * What stands inside a backup's seal: a line that says what it is, and frames.
 *
 *   "keyfold backup 1\n" ‖ frames;  frame = kind (1 byte) ‖ length (4 bytes, big endian) ‖ payload
 *
 *   H  JSON: the header, first and once
 *   T  JSON: a table begins: its name and columns
 *   D  a piece of the table's rows, as COPY … TO STDOUT writes them (text format, a line per row)
 *   E  JSON: the table ends: how many rows, and SHA-256 over its pieces
 *   Z  JSON: the end: how many tables, and SHA-256 over everything before this frame
 */

export const MAGIC = Buffer.from("keyfold backup 1\n");
/** No frame is longer. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024;
/** Pieces of rows are no longer than this when they are written. */
const PIECE_BYTES = 256 * 1024;
const HEAD_BYTES = 5;

const rootKeys = z.array(
  z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("local"), id: z.string(), current: z.boolean(), key: z.string() }),
    z.object({ kind: z.literal("provider"), id: z.string(), current: z.boolean(), setting: z.string() }),
  ]),
);

export const headerSchema = z.object({
  id: z.uuid(),
  deployment: z.uuid(),
  madeAt: z.iso.datetime({ offset: true }),
  /** The migrations that the database had, in their order. */
  migrations: z.array(z.string()),
  publicKey: z.string(),
  rootKeys,
  hybridSeed: z.string().nullable(),
  /** A second one, which opens only: held while the seed is changed. Backups of before have none. */
  otherHybridSeed: z.string().nullable().default(null),
  /** The signed note of the last checkpoint; null where there was none. */
  checkpoint: z.string().nullable(),
});
export type BackupHeader = z.infer<typeof headerSchema>;

const tableSchema = z.object({
  name: z.string().regex(/^[a-z_][a-z0-9_]*$/),
  columns: z.array(z.string()).min(1),
});
const tableEndSchema = z.object({ rows: z.int().min(0), sha256: z.string() });
const endSchema = z.object({ tables: z.int().min(0), sha256: z.string() });

export type Table = z.infer<typeof tableSchema>;
export type TableEnd = z.infer<typeof tableEndSchema>;

/** What a backup holds, piece by piece, in the order in which it stands there. */
export type BackupPart =
  | { kind: "header"; header: BackupHeader }
  | { kind: "table"; table: Table }
  | { kind: "rows"; bytes: Buffer }
  | { kind: "tableEnd"; end: TableEnd }
  | { kind: "end" };

/** A table to be written: its rows as COPY gives them. */
export interface TableSource extends Table {
  rows: AsyncIterable<Buffer>;
}

/** The bytes of a backup. */
export async function* writeFrames(
  header: BackupHeader,
  tables: AsyncIterable<TableSource>,
): AsyncGenerator<Buffer> {
  const all = createHash("sha256");
  const counted = (bytes: Buffer) => {
    all.update(bytes);
    return bytes;
  };
  yield counted(Buffer.from(MAGIC));
  yield counted(frame("H", json(header)));
  let count = 0;
  for await (const { name, columns, rows } of tables) {
    yield counted(frame("T", json({ name, columns })));
    const hash = createHash("sha256");
    let lines = 0;
    for await (const piece of inPieces(rows)) {
      hash.update(piece);
      lines += linesIn(piece);
      yield counted(frame("D", piece));
    }
    yield counted(frame("E", json({ rows: lines, sha256: hash.digest("hex") })));
    count += 1;
  }
  yield frame("Z", json({ tables: count, sha256: all.digest("hex") }));
}

/** @throws RecoveryError `damaged`, `unsupported` at the first thing that is wrong; the end comes last and checks it all */
export async function* readFrames(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<BackupPart> {
  const all = createHash("sha256");
  let stage: "header" | "tables" | "rows" | "done" = "header";
  let tables = 0;
  let rows = { count: 0, hash: createHash("sha256") };
  for await (const { kind, payload, raw } of rawFrames(bytes, all)) {
    if (stage === "done") throw damaged("something follows its end");
    if (kind !== "Z") all.update(raw);
    if (kind === "H" && stage === "header") {
      stage = "tables";
      yield { kind: "header", header: parse(headerSchema, payload) };
    } else if (kind === "T" && stage === "tables") {
      stage = "rows";
      tables += 1;
      rows = { count: 0, hash: createHash("sha256") };
      yield { kind: "table", table: parse(tableSchema, payload) };
    } else if (kind === "D" && stage === "rows") {
      rows.count += linesIn(payload);
      rows.hash.update(payload);
      yield { kind: "rows", bytes: payload };
    } else if (kind === "E" && stage === "rows") {
      stage = "tables";
      const end = parse(tableEndSchema, payload);
      if (end.rows !== rows.count || end.sha256 !== rows.hash.digest("hex"))
        throw damaged("a table's rows are not those that were counted");
      yield { kind: "tableEnd", end };
    } else if (kind === "Z" && stage === "tables") {
      stage = "done";
      const end = parse(endSchema, payload);
      if (end.tables !== tables || end.sha256 !== all.digest("hex"))
        throw damaged("it is not what was written");
      yield { kind: "end" };
    } else throw damaged("its parts are out of order");
  }
  if (stage !== "done") throw damaged("it is cut off");
}

async function* rawFrames(bytes: AsyncIterable<Uint8Array>, all: ReturnType<typeof createHash>) {
  let held = Buffer.alloc(0);
  let begun = false;
  for await (const more of bytes) {
    held = held.length === 0 ? Buffer.from(more) : Buffer.concat([held, more]);
    if (!begun) {
      if (held.length < MAGIC.length) continue;
      const line = held.subarray(0, MAGIC.length);
      if (!line.equals(MAGIC)) {
        if (/^keyfold backup \d+\n/.test(held.toString("latin1", 0, 32)))
          throw new RecoveryError(
            "unsupported",
            "This backup was made by a newer release of Keyfold. Use that one.",
          );
        throw damaged("it holds something else than a backup");
      }
      all.update(line);
      held = held.subarray(MAGIC.length);
      begun = true;
    }
    for (;;) {
      if (held.length < HEAD_BYTES) break;
      const length = held.readUInt32BE(1);
      if (length > MAX_FRAME_BYTES) throw damaged("a part of it is too long");
      if (held.length < HEAD_BYTES + length) break;
      const raw = held.subarray(0, HEAD_BYTES + length);
      yield { kind: String.fromCharCode(raw[0]!), payload: raw.subarray(HEAD_BYTES), raw };
      held = held.subarray(HEAD_BYTES + length);
    }
  }
  if (held.length > 0 || !begun) throw damaged("it is cut off");
}

/** COPY's pieces are rows, or parts of large ones: many small ones are put together, and large ones cut. */
async function* inPieces(rows: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const piece of rows) {
    held.push(piece);
    size += piece.length;
    if (size < PIECE_BYTES) continue;
    const whole = Buffer.concat(held, size);
    for (let at = 0; at < whole.length; at += PIECE_BYTES) yield whole.subarray(at, at + PIECE_BYTES);
    held = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(held, size);
}

function frame(kind: string, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(kind, 0, "latin1");
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

function parse<T>(schema: z.ZodType<T>, payload: Buffer): T {
  let given: unknown;
  try {
    given = JSON.parse(payload.toString("utf8"));
  } catch {
    throw damaged("a part of it cannot be read");
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw damaged("a part of it cannot be read");
  return parsed.data;
}

/** In COPY's text format a row is one line: newlines in values are escaped. */
function linesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) count += 1;
  return count;
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value), "utf8");

export const damaged = (what: string): RecoveryError =>
  new RecoveryError(
    "damaged",
    `This backup cannot be used: ${what}. Nothing was written. Take another copy.`,
  );
