import { base64Of } from "../base64.ts";
import type { HeadProof } from "../checkpoint.ts";
import { LedgerError } from "../error.ts";
import type { ChainPoint } from "../finding.ts";
import { momentOf } from "../moment.ts";

/*
 * An export: one chain as JSON Lines (docs/audit-format.md, "An export"). An event's line is the event's bytes as they
 * were hashed, and nothing else; every other line is an object with the one member that names it:
 *
 *   {"export": …}       the first line: which chain, and where it begins
 *   {"checkpoint": …}   a signed checkpoint that covers the chain up to a head, and the proof; at most one
 *   {"consistency": …}  that the log of checkpoints has only grown from an earlier one to that one; in version 2
 *   {"batch": …}        a batch; its events follow, one a line, none where retention has pruned them
 *   {"end": …}          the last line
 */

export interface ExportHeader {
  /** 2: a consistency proof follows the checkpoint. */
  version: 1 | 2;
  deployment: string;
  chain: string;
}

/** That the log of checkpoints has only grown (RFC 9162 §2.1.4) from an earlier one to the one in the file. */
export interface ConsistencyLine {
  /** The earlier checkpoint's signed note. */
  from: string;
  /** 32 bytes each. */
  path: readonly Buffer[];
}

/** A batch without its events. */
export interface BatchLine {
  number: number;
  firstSeq: number;
  count: number;
  prevHash: Buffer;
  root: Buffer;
  hash: Buffer;
  leaves: Buffer | null;
  pruned: boolean;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The first line, without its end. */
export const headerLine = (header: ExportHeader): string =>
  JSON.stringify({
    export: { version: header.version, deployment: header.deployment, chain: header.chain },
  });

export const batchLine = (batch: BatchLine): string =>
  JSON.stringify({
    batch: {
      number: batch.number,
      first_seq: batch.firstSeq,
      count: batch.count,
      prev: hex(batch.prevHash),
      root: hex(batch.root),
      hash: hex(batch.hash),
      leaves: batch.leaves === null ? null : Buffer.from(batch.leaves).toString("base64"),
      pruned: batch.pruned,
    },
  });

export const endLine = (end: ChainPoint): string =>
  JSON.stringify({ end: { batches: end.number, events: end.seq, hash: hex(end.hash) } });

export const consistencyLine = ({ from, path }: ConsistencyLine): string =>
  JSON.stringify({ consistency: { from, path: path.map(hex) } });

/** A checkpoint's proof as JSON: a line of an export, and what `keyfold audit checkpoint` writes to a file. */
export const headProofJson = (proof: HeadProof): Record<string, unknown> => ({
  note: proof.note,
  time: proof.time.toISOString(),
  chains: proof.chains,
  heads_root: hex(proof.headsRoot),
  path: proof.path.map(hex),
  head: {
    chain: proof.head.chain,
    batches: proof.head.batches,
    events: proof.head.events,
    hash: hex(proof.head.hash),
    index: proof.index,
    path: proof.headPath.map(hex),
  },
});

/** @throws LedgerError `malformed` */
export function headProofOf(json: unknown): HeadProof {
  const proof = record(json);
  const head = record(proof.head);
  const time = momentOf(text(proof.time));
  if (time === null) malformed("a checkpoint's time is none");
  return {
    note: text(proof.note),
    time,
    chains: whole(proof.chains),
    headsRoot: bytes(proof.heads_root),
    path: list(proof.path).map(bytes),
    head: {
      chain: text(head.chain),
      batches: whole(head.batches),
      events: whole(head.events),
      hash: bytes(head.hash),
    },
    index: whole(head.index),
    headPath: list(head.path).map(bytes),
  };
}

/** @throws LedgerError `malformed`, `unsupported_version` */
export function headerOf(json: unknown): ExportHeader {
  const header = record(json);
  if (header.version !== 1 && header.version !== 2)
    throw new LedgerError("unsupported_version", "this export is of a version that is not known here");
  return { version: header.version, deployment: text(header.deployment), chain: text(header.chain) };
}

/** @throws LedgerError `malformed` */
export function consistencyOf(json: unknown): ConsistencyLine {
  const proof = record(json);
  return { from: text(proof.from), path: list(proof.path).map(bytes) };
}

/** @throws LedgerError `malformed` */
export function batchOf(json: unknown): BatchLine {
  const batch = record(json);
  if (typeof batch.pruned !== "boolean") malformed("a batch does not say whether it was pruned");
  return {
    number: whole(batch.number),
    firstSeq: whole(batch.first_seq),
    count: whole(batch.count),
    prevHash: bytes(batch.prev),
    root: bytes(batch.root),
    hash: bytes(batch.hash),
    leaves: batch.leaves === null ? null : base64(batch.leaves),
    pruned: batch.pruned as boolean,
  };
}

/** @throws LedgerError `malformed` */
export function endOf(json: unknown): ChainPoint {
  const end = record(json);
  return { number: whole(end.batches), seq: whole(end.events), hash: bytes(end.hash) };
}

function record(json: unknown): Record<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) malformed("an object is none");
  return json as Record<string, unknown>;
}

function text(json: unknown): string {
  if (typeof json !== "string") malformed("a text is none");
  return json as string;
}

function whole(json: unknown): number {
  if (!Number.isSafeInteger(json) || (json as number) < 0) malformed("a count is none");
  return json as number;
}

function list(json: unknown): unknown[] {
  if (!Array.isArray(json)) malformed("a list is none");
  return json as unknown[];
}

function bytes(json: unknown): Buffer {
  if (typeof json !== "string" || !/^(?:[0-9a-f]{2})*$/.test(json)) malformed("bytes in hex are none");
  return Buffer.from(json as string, "hex");
}

function base64(json: unknown): Buffer {
  return base64Of(text(json)) ?? malformed("bytes in base64 are none");
}

function malformed(message: string): never {
  throw new LedgerError("malformed", message);
}
