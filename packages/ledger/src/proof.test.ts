import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EMPTY, type Frontier, grow, rangeRootOf } from "./frontier.ts";
import { leafHash, merkleRoot, nodeHash } from "./merkle.ts";
import {
  consistencyProof,
  consistencyRanges,
  inclusionProof,
  verifyConsistency,
  verifyInclusion,
} from "./proof.ts";

const leavesOf = (size: number) => Array.from({ length: size }, (_, i) => leafHash(Buffer.from(`leaf ${i}`)));
const tree = fc.integer({ min: 1, max: 70 }).map(leavesOf);

/** The proof with one bit of one of its hashes turned. */
function flip(proof: readonly Buffer[], bit: number): Buffer[] {
  const bytes = Buffer.concat(proof);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return proof.map((_, i) => bytes.subarray(i * 32, i * 32 + 32));
}

describe("an inclusion proof", () => {
  it("verifies for every leaf of every tree up to 40 leaves, and for no other place or leaf", () => {
    for (let size = 1; size <= 40; size += 1) {
      const leaves = leavesOf(size);
      const root = merkleRoot(leaves);
      for (let index = 0; index < size; index += 1) {
        const proof = inclusionProof(leaves, index);
        for (let claimed = 0; claimed < size; claimed += 1) {
          expect(verifyInclusion(leaves[index]!, claimed, size, proof, root)).toBe(claimed === index);
        }
        expect(verifyInclusion(leafHash(Buffer.from("other")), index, size, proof, root)).toBe(false);
      }
    }
  });

  it("fails with any bit turned, a hash missing, or one too many", () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.nat(), (leaves, nth, bit) => {
        const index = nth % leaves.length;
        const proof = inclusionProof(leaves, index);
        const root = merkleRoot(leaves);
        const verify = (changed: readonly Buffer[]) =>
          verifyInclusion(leaves[index]!, index, leaves.length, changed, root);
        expect(verify([...proof, root])).toBe(false);
        expect(verify([root, ...proof])).toBe(false);
        if (proof.length === 0) return;
        expect(verify(flip(proof, bit % (proof.length * 256)))).toBe(false);
        expect(verify(proof.slice(1))).toBe(false);
        expect(verify(proof.slice(0, -1))).toBe(false);
      }),
    );
  });

  it("answers false, and throws nothing, for numbers and hashes that are none", () => {
    const leaves = leavesOf(5);
    const proof = inclusionProof(leaves, 2);
    const root = merkleRoot(leaves);
    for (const [index, size] of [
      [-1, 5],
      [5, 5],
      [2.5, 5],
      [Number.NaN, 5],
      [2, 0],
      [2, Number.POSITIVE_INFINITY],
      [2, 2 ** 53],
    ]) {
      expect(verifyInclusion(leaves[2]!, index!, size!, proof, root)).toBe(false);
    }
    const short = Buffer.alloc(31);
    expect(verifyInclusion(short, 2, 5, proof, root)).toBe(false);
    expect(verifyInclusion(leaves[2]!, 2, 5, proof, short)).toBe(false);
    expect(verifyInclusion(leaves[2]!, 2, 5, [short, ...proof.slice(1)], root)).toBe(false);
  });

  it("fails when it is longer than the tree is high, though its hashes lead to the root", () => {
    const [left, leaf] = leavesOf(2) as [Buffer, Buffer];
    const root = nodeHash(left, leaf);
    expect(verifyInclusion(leaf, 1, 2, [left], root)).toBe(true);
    expect(verifyInclusion(leaf, 0, 1, [left], root)).toBe(false);
  });

  it("is not made for a leaf that is not there", () => {
    for (const index of [-1, 3, 0.5, Number.NaN]) {
      expect(() => inclusionProof(leavesOf(3), index)).toThrow(
        expect.objectContaining({ code: "malformed" }),
      );
    }
  });
});

describe("a consistency proof", () => {
  it("verifies between all trees up to 24 leaves, and for no other sizes", () => {
    const leaves = leavesOf(24);
    const roots = Array.from({ length: 25 }, (_, size) => merkleRoot(leaves.slice(0, size)));
    for (let newer = 1; newer <= 24; newer += 1) {
      for (let older = 1; older <= newer; older += 1) {
        const proof = consistencyProof(leaves.slice(0, newer), older);
        expect(verifyConsistency(older, newer, roots[older]!, roots[newer]!, proof)).toBe(true);
        for (let other = 1; other <= newer; other += 1) {
          if (other === older) continue;
          expect(verifyConsistency(other, newer, roots[other]!, roots[newer]!, proof)).toBe(false);
          expect(verifyConsistency(older, newer, roots[other]!, roots[newer]!, proof)).toBe(false);
        }
      }
    }
  });

  it("fails when an old leaf was changed, whatever else is sound", () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.nat(), (leaves, nth, which) => {
        const older = 1 + (nth % leaves.length);
        const rewritten = [...leaves];
        rewritten[which % older] = leafHash(Buffer.from("rewritten"));
        const proof = consistencyProof(rewritten, older);
        const old = merkleRoot(leaves.slice(0, older));
        expect(verifyConsistency(older, leaves.length, old, merkleRoot(rewritten), proof)).toBe(false);
      }),
    );
  });

  it("fails with any bit turned, a hash missing, or one too many", () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.nat(), (leaves, nth, bit) => {
        const older = 1 + (nth % leaves.length);
        const proof = consistencyProof(leaves, older);
        const roots = [merkleRoot(leaves.slice(0, older)), merkleRoot(leaves)] as const;
        const verify = (changed: readonly Buffer[]) =>
          verifyConsistency(older, leaves.length, ...roots, changed);
        expect(verify([...proof, roots[1]])).toBe(false);
        expect(verify([roots[1], ...proof])).toBe(false);
        if (proof.length === 0) return;
        expect(verify(flip(proof, bit % (proof.length * 256)))).toBe(false);
        expect(verify(proof.slice(1))).toBe(false);
        expect(verify(proof.slice(0, -1))).toBe(false);
      }),
    );
  });

  it("is not made for a tree of no leaves or of more than there are", () => {
    for (const size of [-1, 0, 4, 1.5, Number.NaN]) {
      expect(() => consistencyProof(leavesOf(3), size)).toThrow(
        expect.objectContaining({ code: "malformed" }),
      );
    }
  });
});

describe("a consistency proof without the leaves", () => {
  it("is the same from the trees of each size and the leaf that came next, for all sizes up to 40", () => {
    const leaves = leavesOf(40);
    const trees: Frontier[] = [EMPTY];
    for (const leaf of leaves) trees.push(grow(trees.at(-1)!, leaf));
    for (let size2 = 1; size2 <= 40; size2 += 1)
      for (let size1 = 1; size1 <= size2; size1 += 1)
        expect(
          consistencyRanges(size1, size2).map(([from, to]) =>
            rangeRootOf(trees[to - 1]!, from, leaves[to - 1]!),
          ),
        ).toEqual(consistencyProof(leaves.slice(0, size2), size1));
  });
});
