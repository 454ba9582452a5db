import { LedgerError } from "./error.ts";
import { MAX_EVENT_BYTES } from "./event.ts";
import { HASH_BYTES, leafHash, merkleRoot, sha256 } from "./merkle.ts";

/*
 * A batch: the events that became durable together, as one row.
 *
 *   bodies  = for each event: length (4 bytes, big endian) ‖ the event's bytes
 *   leaves  = for each event: SHA-256(0x00 ‖ the event's bytes)
 *   root    = the Merkle Tree Hash over the leaves (RFC 9162 §2.1.1)
 *   hash    = SHA-256(prevHash ‖ root)
 *   genesis = SHA-256("keyfold/chain/v1" ‖ 0x00 ‖ deployment's UUID (16 bytes) ‖ chain's UUID (16 bytes))
 */

/** Most events in one batch. */
export const MAX_BATCH_EVENTS = 65_536;
/** Most bytes of a batch's bodies, length prefixes included: 64 MiB. */
export const MAX_BODIES_BYTES = 67_108_864;

const LENGTH_BYTES = 4;
const GENESIS_LABEL = Buffer.from("keyfold/chain/v1\0");
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export interface Batch {
  /** 1, 2, 3 … within the chain, without gaps. */
  number: number;
  /** The sequence number of its first event; the chain's first is 1. Event `i` has `firstSeq + i`. */
  firstSeq: number;
  /** How many events it holds, at least 1. */
  count: number;
  /** The hash of the batch before, or the chain's genesis hash; 32 bytes. */
  prevHash: Buffer;
  /** The Merkle root over its events, 32 bytes. */
  root: Buffer;
  /** SHA-256(prevHash ‖ root), 32 bytes. */
  hash: Buffer;
  /** As {@link encodeBodies} wrote them; null once retention has pruned them. */
  bodies: Buffer | null;
  /** The leaf hashes, `count * 32` bytes; kept when the bodies are gone, and welcome beside them. */
  leaves: Buffer | null;
}

/**
 * The events' bytes in one buffer, each behind its length (4 bytes, big endian).
 *
 * @throws LedgerError `malformed` for no events or an empty one; `too_large` over a limit
 */
export function encodeBodies(events: readonly Buffer[]): Buffer {
  if (events.length === 0) throw new LedgerError("malformed", "a batch holds at least one event");
  if (events.length > MAX_BATCH_EVENTS) throw tooMany();
  let size = 0;
  for (const event of events) {
    if (event.length === 0) throw new LedgerError("malformed", "an event of a batch is empty");
    if (event.length > MAX_EVENT_BYTES) {
      throw new LedgerError("too_large", `an event is longer than ${MAX_EVENT_BYTES} bytes`);
    }
    size += LENGTH_BYTES + event.length;
  }
  if (size > MAX_BODIES_BYTES) throw tooLong();
  const bodies = Buffer.allocUnsafe(size);
  let at = 0;
  for (const event of events) {
    at = bodies.writeUInt32BE(event.length, at);
    bodies.set(event, at);
    at += event.length;
  }
  return bodies;
}

/**
 * The events' bytes again, as views into `bytes`: nothing is copied.
 *
 * @throws LedgerError `malformed` for a length of zero or beyond the end, or no events; `too_large` over a limit
 */
export function decodeBodies(bytes: Uint8Array): Buffer[] {
  if (bytes.length > MAX_BODIES_BYTES) throw tooLong();
  const bodies = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: Buffer[] = [];
  let at = 0;
  while (at < bodies.length) {
    if (events.length === MAX_BATCH_EVENTS) throw tooMany();
    if (bodies.length - at < LENGTH_BYTES) throw new LedgerError("malformed", "a length prefix is cut off");
    const length = bodies.readUInt32BE(at);
    at += LENGTH_BYTES;
    if (length > MAX_EVENT_BYTES) {
      throw new LedgerError("too_large", `an event is longer than ${MAX_EVENT_BYTES} bytes`);
    }
    if (length === 0) throw new LedgerError("malformed", "an event of a batch is empty");
    if (length > bodies.length - at) throw new LedgerError("malformed", "an event is cut off");
    events.push(bodies.subarray(at, at + length));
    at += length;
  }
  if (events.length === 0) throw new LedgerError("malformed", "a batch holds at least one event");
  return events;
}

/** The leaf hashes of a batch's events in one buffer, 32 bytes each. */
export function encodeLeaves(events: readonly Buffer[]): Buffer {
  return Buffer.concat(events.map(leafHash));
}

/**
 * The leaf hashes again, as views into `bytes`.
 *
 * @throws LedgerError `malformed` when the length is no multiple of 32
 */
export function decodeLeaves(bytes: Uint8Array): Buffer[] {
  if (bytes.length % HASH_BYTES !== 0) throw new LedgerError("malformed", "leaves must be 32 bytes each");
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const leaves: Buffer[] = [];
  for (let at = 0; at < whole.length; at += HASH_BYTES) leaves.push(whole.subarray(at, at + HASH_BYTES));
  return leaves;
}

/** The Merkle root over a batch's events (their bytes, not their hashes), 32 bytes. */
export function batchRoot(events: readonly Buffer[]): Buffer {
  return merkleRoot(events.map(leafHash));
}

/**
 * SHA-256(prevHash ‖ root), 32 bytes. In PostgreSQL: `sha256(prev_hash || root)`.
 *
 * @throws LedgerError `malformed` when either is not 32 bytes
 */
export function batchHash(prevHash: Buffer, root: Buffer): Buffer {
  if (prevHash.length !== HASH_BYTES || root.length !== HASH_BYTES) {
    throw new LedgerError("malformed", "a hash must be 32 bytes");
  }
  return sha256(Buffer.concat([prevHash, root]));
}

/**
 * What the first batch of a chain has as `prevHash`, 32 bytes: a chain moved to another tenant or deployment
 * does not verify there. In PostgreSQL:
 * `sha256('\x6b6579666f6c642f636861696e2f763100'::bytea || uuid_send(deployment) || uuid_send(chain))`.
 *
 * @param deployment the deployment's UUID
 * @param chain the tenant's UUID, or the deployment's own for its own chain
 * @throws LedgerError `malformed` when either is no UUID
 */
export function genesisHash(deployment: string, chain: string): Buffer {
  return sha256(Buffer.concat([GENESIS_LABEL, uuidBytes(deployment), uuidBytes(chain)]));
}

function uuidBytes(uuid: string): Buffer {
  if (!UUID.test(uuid)) throw new LedgerError("malformed", "a deployment or chain must be a UUID");
  return Buffer.from(uuid.replaceAll("-", ""), "hex");
}

function tooMany(): LedgerError {
  return new LedgerError("too_large", `a batch has more than ${MAX_BATCH_EVENTS} events`);
}

function tooLong(): LedgerError {
  return new LedgerError("too_large", `a batch's bodies are longer than ${MAX_BODIES_BYTES} bytes`);
}
