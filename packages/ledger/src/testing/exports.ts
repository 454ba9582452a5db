import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import {
  type Batch,
  batchLine,
  type ChainHead,
  type ConsistencyLine,
  consistencyLine,
  decodeBodies,
  EMPTY,
  encodeCheckpoint,
  encodeHeads,
  endLine,
  type Frontier,
  frontierRoot,
  grow,
  type HeadProof,
  headerLine,
  headProofJson,
  headsEntry,
  headsRoot,
  leafHash,
  type NoteKey,
  noteKey,
  pathOfNext,
  proveHead,
  signNote,
} from "../index.ts";
import { DEPLOYMENT, TENANT } from "./chains.ts";

/** A signer of checkpoints, from a seed that is no secret. */
export function signer(seed = 7, deployment = DEPLOYMENT): { key: NoteKey; sign(bytes: Buffer): Buffer } {
  const pkcs8 = Buffer.concat([
    Buffer.from("302e020100300506032b657004220420", "hex"),
    Buffer.alloc(32, seed),
  ]);
  const privateKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-32);
  return { key: noteKey(`keyfold/${deployment}`, publicKey), sign: (bytes) => sign(null, bytes, privateKey) };
}

/** A signed checkpoint, the first of its log, that covers a chain up to a batch. */
export const checkpointOf = (batch: Batch, options: Parameters<typeof checkpointLog>[1] = {}): HeadProof =>
  checkpointLog([batch], options).checkpoints[0]!;

/** A log of signed checkpoints, each of which covers a chain up to the next of these batches, and the log's leaves. */
export function checkpointLog(
  batches: readonly Batch[],
  { chain = TENANT, deployment = DEPLOYMENT, by = signer(), minute = 0, log = "one" } = {},
): { checkpoints: HeadProof[]; leaves: Buffer[] } {
  let tree: Frontier = EMPTY;
  const leaves: Buffer[] = [];
  const checkpoints = batches.map((batch, index) => {
    const path = pathOfNext(tree);
    const made = headsOf(batch, chain, minute + index);
    leaves.push(made.leaf);
    tree = grow(tree, made.leaf);
    const text = encodeCheckpoint({
      origin: `keyfold/${deployment}/${log}`,
      size: tree.size,
      root: frontierRoot(tree),
    });
    return proveHead({ note: signNote(text, by.key, by.sign), time: made.time, path }, made.heads, chain)!;
  });
  return { checkpoints, leaves };
}

function headsOf(batch: Batch, chain: string, minute: number) {
  const head: ChainHead = {
    chain,
    batches: batch.number,
    events: batch.firstSeq + batch.count - 1,
    hash: batch.hash,
  };
  const other: ChainHead = { ...head, chain: "00000000-0000-4000-8000-0000000000bb" };
  const heads = encodeHeads([head, other]);
  const time = new Date(Date.UTC(2026, 2, 1, 12, minute));
  return { heads, time, leaf: leafHash(headsEntry(time, 2, headsRoot(heads))) };
}

/** A chain's export, as lines. */
export function exportLines(
  batches: readonly Batch[],
  checkpoint: HeadProof | null = null,
  consistency: ConsistencyLine | null = null,
): Buffer[] {
  const version = consistency === null ? 1 : 2;
  const lines: Buffer[] = [
    Buffer.from(headerLine({ version, deployment: DEPLOYMENT, chain: TENANT })),
    ...(checkpoint === null ? [] : [Buffer.from(JSON.stringify({ checkpoint: headProofJson(checkpoint) }))]),
    ...(consistency === null ? [] : [Buffer.from(consistencyLine(consistency))]),
  ];
  for (const batch of batches) {
    lines.push(Buffer.from(batchLine({ ...batch, pruned: batch.bodies === null })));
    if (batch.bodies !== null) lines.push(...decodeBodies(batch.bodies));
  }
  const last = batches.at(-1)!;
  lines.push(
    Buffer.from(endLine({ number: last.number, seq: last.firstSeq + last.count - 1, hash: last.hash })),
  );
  return lines;
}
