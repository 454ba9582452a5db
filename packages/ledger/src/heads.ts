import { genesisHash } from "./batch.ts";
import { LedgerError } from "./error.ts";
import { HASH_BYTES, leafHash, merkleRoot } from "./merkle.ts";

/*
 * The heads: how far every chain of a deployment is, at one moment.
 *
 *   head  = chain (16 bytes) ‖ batches (8 bytes) ‖ events (8 bytes) ‖ the last batch's hash (32 bytes)
 *   heads = every chain's head, sorted by the chain's 16 bytes, each chain once
 *   root  = the Merkle Tree Hash (RFC 9162 §2.1.1) over the heads
 *   entry = "keyfold/heads/v1" ‖ 0x00 ‖ time (8 bytes, milliseconds since 1970) ‖ number of heads (8 bytes) ‖ root
 */

/** How far one chain is. */
export interface ChainHead {
  /** The chain's UUID, lower case. */
  chain: string;
  /** The last batch's number. */
  batches: number;
  /** The last event's sequence number. */
  events: number;
  /** The last batch's hash, 32 bytes. */
  hash: Buffer;
}

export const HEAD_BYTES = 16 + 8 + 8 + HASH_BYTES;
const ENTRY_LABEL = Buffer.from("keyfold/heads/v1\0");

/** One head's bytes, 64. @throws LedgerError `malformed` */
export function encodeHead({ chain, batches, events, hash }: ChainHead): Buffer {
  if (!isCount(batches) || !isCount(events) || hash.length !== HASH_BYTES)
    throw new LedgerError("malformed", "a head is a chain, two counts and a hash of 32 bytes");
  genesisHash(chain, chain); // refuses what is no UUID
  const bytes = Buffer.alloc(HEAD_BYTES);
  bytes.write(chain.replaceAll("-", ""), 0, "hex");
  bytes.writeBigUInt64BE(BigInt(batches), 16);
  bytes.writeBigUInt64BE(BigInt(events), 24);
  bytes.set(hash, 32);
  return bytes;
}

/** All heads, sorted. @throws LedgerError `malformed` where a chain is there twice */
export function encodeHeads(heads: readonly ChainHead[]): Buffer {
  const encoded = heads.map(encodeHead).sort(Buffer.compare);
  const bytes = Buffer.concat(encoded);
  requireSorted(bytes);
  return bytes;
}

/** @throws LedgerError `malformed` where they are cut, not sorted, or a chain is there twice */
export function decodeHeads(bytes: Uint8Array): ChainHead[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  requireSorted(all);
  return split(all).map((head) => {
    const hex = head.toString("hex", 0, 16);
    const [batches, events] = [head.readBigUInt64BE(16), head.readBigUInt64BE(24)];
    if (batches > Number.MAX_SAFE_INTEGER || events > Number.MAX_SAFE_INTEGER)
      throw new LedgerError("malformed", "a head counts beyond 2^53");
    return {
      chain: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
      batches: Number(batches),
      events: Number(events),
      hash: Buffer.from(head.subarray(32)),
    };
  });
}

/** The leaf hashes of encoded heads, in their order. */
export const headLeaves = (heads: Buffer): Buffer[] => split(heads).map(leafHash);

/** The root over encoded heads, 32 bytes. */
export const headsRoot = (heads: Buffer): Buffer => merkleRoot(headLeaves(heads));

/** What the log of checkpoints has as its leaf's bytes, for the heads of one moment. @throws LedgerError `malformed` */
export function headsEntry(time: Date, count: number, root: Buffer): Buffer {
  const ms = time.getTime();
  if (!isCount(ms) || !isCount(count) || root.length !== HASH_BYTES)
    throw new LedgerError("malformed", "the heads' entry is a time, a count and a root of 32 bytes");
  const numbers = Buffer.alloc(16);
  numbers.writeBigUInt64BE(BigInt(ms), 0);
  numbers.writeBigUInt64BE(BigInt(count), 8);
  return Buffer.concat([ENTRY_LABEL, numbers, root]);
}

function split(heads: Buffer): Buffer[] {
  const each: Buffer[] = [];
  for (let at = 0; at < heads.length; at += HEAD_BYTES) each.push(heads.subarray(at, at + HEAD_BYTES));
  return each;
}

function requireSorted(heads: Buffer): void {
  if (heads.length % HEAD_BYTES !== 0) throw new LedgerError("malformed", "heads are 64 bytes each");
  for (let at = HEAD_BYTES; at < heads.length; at += HEAD_BYTES)
    if (heads.compare(heads, at, at + 16, at - HEAD_BYTES, at - HEAD_BYTES + 16) >= 0)
      throw new LedgerError("malformed", "heads are sorted by their chain, each chain once");
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
