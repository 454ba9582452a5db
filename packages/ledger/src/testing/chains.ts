import fc from "fast-check";
import {
  type AuditEvent,
  type Batch,
  batchHash,
  batchRoot,
  encodeBodies,
  encodeLeaves,
  genesisHash,
} from "../index.ts";

export const DEPLOYMENT = "00000000-0000-4000-8000-000000000001";
export const TENANT = "00000000-0000-4000-8000-0000000000aa";
export const START = { deployment: DEPLOYMENT, chain: TENANT };

/** An event as a read makes it; `change` replaces members. */
export function sampleEvent(change: Partial<AuditEvent> = {}): AuditEvent {
  return {
    time: "2026-03-01T10:11:12.345Z",
    action: "secret.accessed",
    outcome: "success",
    actor: { type: "service_token", id: "00000000-0000-4000-8000-000000000007", name: "ci", via: "bearer" },
    tenant: TENANT,
    target: {
      type: "secret",
      id: "00000000-0000-4000-8000-000000000009",
      name: "STRIPE_SECRET_KEY",
      version: 3,
    },
    ip: "203.0.113.9",
    userAgent: "curl/8.5.0",
    correlationId: "00000000-0000-4000-8000-00000000000b",
    reason: null,
    details: { project: "default", environment: "dev" },
    ...change,
  };
}

/** Which of its two forms a batch keeps its events in. */
export type Keep = "bodies" | "leaves" | "both";

/** One batch, sound by itself, that says it is `number` and follows `prevHash`. */
export function makeBatch(
  events: readonly Buffer[],
  number: number,
  firstSeq: number,
  prevHash: Buffer,
  keep: Keep = "bodies",
): Batch {
  const root = batchRoot(events);
  return {
    number,
    firstSeq,
    count: events.length,
    prevHash,
    root,
    hash: batchHash(prevHash, root),
    bodies: keep === "leaves" ? null : encodeBodies(events),
    leaves: keep === "bodies" ? null : encodeLeaves(events),
  };
}

/** A sound chain with these events in its batches. */
export function makeChain(contents: readonly (readonly Buffer[])[], keep: Keep = "bodies"): Batch[] {
  const chain: Batch[] = [];
  let prevHash = genesisHash(DEPLOYMENT, TENANT);
  let firstSeq = 1;
  for (const events of contents) {
    const batch = makeBatch(events, chain.length + 1, firstSeq, prevHash, keep);
    chain.push(batch);
    prevHash = batch.hash;
    firstSeq += batch.count;
  }
  return chain;
}

/** A chain of batches of so many events each; every event is different. */
export function chainOf(counts: readonly number[], keep: Keep = "bodies"): Batch[] {
  let seq = 0;
  return makeChain(
    counts.map((count) =>
      Array.from({ length: count }, () => {
        seq += 1;
        return Buffer.from(`event ${seq}`);
      }),
    ),
    keep,
  );
}

/** Sizes of the batches of a short chain. */
export const counts = (minLength = 1) =>
  fc.array(fc.integer({ min: 1, max: 6 }), { minLength, maxLength: 8 });

/** A copy whose buffers can be changed. */
export function copy(batch: Batch): Batch {
  return {
    ...batch,
    prevHash: Buffer.from(batch.prevHash),
    root: Buffer.from(batch.root),
    hash: Buffer.from(batch.hash),
    bodies: batch.bodies && Buffer.from(batch.bodies),
    leaves: batch.leaves && Buffer.from(batch.leaves),
  };
}
