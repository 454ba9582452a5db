import { generateKeyPairSync, randomBytes, randomUUID, sign } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeCheckpoint, encodeCheckpoint, proveHead, verifyCheckpoint, verifyHead } from "./checkpoint.ts";
import { EMPTY, frontierRoot, grow, pathOfNext } from "./frontier.ts";
import { type ChainHead, decodeHeads, encodeHeads, headsEntry, headsRoot } from "./heads.ts";
import { leafHash, merkleRoot } from "./merkle.ts";
import { noteKey, signNote } from "./note.ts";
import { inclusionProof } from "./proof.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const key = noteKey("keyfold/test", Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url"));
const signed = (text: string) => signNote(text, key, (bytes) => sign(null, bytes, privateKey));

const leaves = (n: number) => Array.from({ length: n }, (_, i) => leafHash(Buffer.from(`leaf ${i}`)));
const heads = (n: number): ChainHead[] =>
  Array.from({ length: n }, (_, i) => ({
    chain: randomUUID(),
    batches: i + 1,
    events: 10 * i + 1,
    hash: randomBytes(32),
  }));

test("a tree that grows leaf by leaf has the root of all its leaves, and proves the last one, at every size", () => {
  let tree = EMPTY;
  expect(frontierRoot(tree)).toEqual(merkleRoot([]));
  for (let size = 1; size <= 70; size++) {
    const all = leaves(size);
    expect(pathOfNext(tree)).toEqual(inclusionProof(all, size - 1));
    tree = grow(tree, all.at(-1)!);
    expect(frontierRoot(tree)).toEqual(merkleRoot(all));
  }
});

test("a tree whose size and subtrees do not belong together does not grow", () => {
  for (const broken of [
    { size: 1, nodes: [] },
    { size: 2, nodes: leaves(2) },
    { size: 1, nodes: [Buffer.alloc(31)] },
    { size: -1, nodes: [] },
  ])
    expect(() => grow(broken, leaves(1)[0]!)).toThrow(expect.objectContaining({ code: "malformed" }));
});

test("heads are the same after they were written and read, sorted by chain", () => {
  const some = heads(20);
  const sorted = some.toSorted((a, b) => (a.chain < b.chain ? -1 : 1));
  expect(decodeHeads(encodeHeads(some))).toEqual(sorted);
  expect(decodeHeads(Buffer.alloc(0))).toEqual([]);
});

test("heads that are cut, out of order, doubled or beyond counting are refused", () => {
  const bytes = encodeHeads(heads(3));
  const swapped = Buffer.concat([bytes.subarray(64, 128), bytes.subarray(0, 64)]);
  const huge = Buffer.from(bytes);
  huge[16] = 0xff;
  for (const bad of [bytes.subarray(1), swapped, Buffer.concat([bytes, bytes.subarray(128)]), huge])
    expect(() => decodeHeads(bad)).toThrow(expect.objectContaining({ code: "malformed" }));
  const [one] = heads(1);
  expect(() => encodeHeads([one!, one!])).toThrow(expect.objectContaining({ code: "malformed" }));
  expect(() => encodeHeads([{ ...one!, chain: "no uuid" }])).toThrow(
    expect.objectContaining({ code: "malformed" }),
  );
  expect(() => encodeHeads([{ ...one!, events: -1 }])).toThrow(
    expect.objectContaining({ code: "malformed" }),
  );
});

test("a checkpoint is the same after it was written and read", () => {
  const checkpoint = { origin: "keyfold/test/1", size: 12, root: randomBytes(32) };
  expect(decodeCheckpoint(encodeCheckpoint(checkpoint))).toEqual(checkpoint);
});

test.each([
  "",
  "origin\n1\n",
  "\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
  "origin\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
  "origin\n-1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
  "origin\n9999999999999999\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
  "origin\n1\nAAAA\n",
  "origin\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
])("%j is no checkpoint", (text) => {
  expect(() => decodeCheckpoint(text)).toThrow(expect.objectContaining({ code: "malformed" }));
});

/** A log of so many moments, and the last one's checkpoint with its heads. */
function log(moments: number, chains: number) {
  let tree = EMPTY;
  let before = EMPTY;
  let bytes = Buffer.alloc(0);
  const time = new Date("2026-03-01T10:00:00.000Z");
  for (let i = 0; i < moments; i++) {
    bytes = encodeHeads(heads(chains)) as typeof bytes;
    before = tree;
    tree = grow(tree, leafHash(headsEntry(time, chains, headsRoot(bytes))));
  }
  const note = signed(
    encodeCheckpoint({ origin: "keyfold/test/1", size: tree.size, root: frontierRoot(tree) }),
  );
  return { heads: bytes, made: { note, time, path: pathOfNext(before) } };
}

test("a chain's head is proven by the checkpoint, whatever the number of chains and of checkpoints", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(),
      (moments, chains, nth) => {
        const { heads: bytes, made } = log(moments, chains);
        const { chain } = decodeHeads(bytes)[nth % chains]!;
        const proof = proveHead(made, bytes, chain)!;
        expect(verifyHead(proof, [key])).toMatchObject({ origin: "keyfold/test/1", size: moments });
      },
    ),
    { numRuns: 40 },
  );
});

test("a proof in which anything was changed proves nothing", () => {
  const { heads: bytes, made } = log(5, 6);
  const proof = proveHead(made, bytes, decodeHeads(bytes)[2]!.chain)!;
  const other = noteKey("keyfold/other", key.publicKey);
  expect(verifyHead(proof, [key])).not.toBeNull();
  expect(verifyHead(proof, [other])).toBeNull();
  for (const changed of [
    { ...proof, head: { ...proof.head, events: proof.head.events - 1 } },
    { ...proof, head: { ...proof.head, batches: proof.head.batches + 1 } },
    { ...proof, head: { ...proof.head, hash: randomBytes(32) } },
    { ...proof, head: { ...proof.head, chain: randomUUID() } },
    { ...proof, index: 3 },
    { ...proof, chains: 7 },
    { ...proof, time: new Date(proof.time.getTime() + 1) },
    { ...proof, headsRoot: randomBytes(32) },
    { ...proof, path: proof.path.slice(1) },
    { ...proof, headPath: proof.headPath.slice(1) },
    { ...proof, note: proof.note.replace("\n5\n", "\n6\n") },
  ])
    expect(verifyHead(changed, [key])).toBeNull();
  expect(verifyCheckpoint({ ...proof, chains: 5 }, [key])).toBeNull();
});

test("a chain that is not covered has no proof", () => {
  const { heads: bytes, made } = log(2, 3);
  expect(proveHead(made, bytes, randomUUID())).toBeNull();
});
