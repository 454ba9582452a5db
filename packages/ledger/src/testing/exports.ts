import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import {
  type Batch,
  batchLine,
  type ChainHead,
  decodeBodies,
  EMPTY,
  encodeCheckpoint,
  encodeHeads,
  endLine,
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
export function checkpointOf(
  batch: Batch,
  { chain = TENANT, deployment = DEPLOYMENT, by = signer(), minute = 0 } = {},
): HeadProof {
  const head: ChainHead = {
    chain,
    batches: batch.number,
    events: batch.firstSeq + batch.count - 1,
    hash: batch.hash,
  };
  const other: ChainHead = { ...head, chain: "00000000-0000-4000-8000-0000000000bb" };
  const heads = encodeHeads([head, other]);
  const time = new Date(Date.UTC(2026, 2, 1, 12, minute));
  const leaf = leafHash(headsEntry(time, 2, headsRoot(heads)));
  const path = pathOfNext(EMPTY);
  const tree = grow(EMPTY, leaf);
  const text = encodeCheckpoint({
    origin: `keyfold/${deployment}/one`,
    size: tree.size,
    root: frontierRoot(tree),
  });
  return proveHead({ note: signNote(text, by.key, by.sign), time, path }, heads, chain)!;
}

/** A chain's export, as lines. */
export function exportLines(batches: readonly Batch[], checkpoint: HeadProof | null = null): Buffer[] {
  const lines: Buffer[] = [
    Buffer.from(headerLine({ version: 1, deployment: DEPLOYMENT, chain: TENANT })),
    ...(checkpoint === null ? [] : [Buffer.from(JSON.stringify({ checkpoint: headProofJson(checkpoint) }))]),
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
