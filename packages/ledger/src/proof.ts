import { LedgerError } from "./error.ts";
import { HASH_BYTES, nodeHash, rangeRoot } from "./merkle.ts";

/*
 * Proofs over a Merkle tree of `size` leaves (RFC 9162 §2.1.3 and §2.1.4). Making one trusts its arguments and
 * throws on wrong ones; verifying one trusts nothing and answers true or false. Sizes go beyond 32 bits, so
 * halving is done by division.
 */

/**
 * The audit path from `leaves[index]` to the root, nearest sibling first; 32 bytes each.
 *
 * @param leaves leaf hashes of 32 bytes
 * @throws LedgerError `malformed` when there is no such leaf
 */
export function inclusionProof(leaves: readonly Buffer[], index: number): Buffer[] {
  if (!Number.isSafeInteger(index) || index < 0 || index >= leaves.length) {
    throw new LedgerError("malformed", "there is no leaf at this index");
  }
  const path: Buffer[] = [];
  let from = 0;
  let to = leaves.length;
  while (to - from > 1) {
    const middle = from + splitSize(to - from);
    if (index < middle) {
      path.push(rangeRoot(leaves, middle, to));
      to = middle;
    } else {
      path.push(rangeRoot(leaves, from, middle));
      from = middle;
    }
  }
  return path.reverse();
}

/** Whether `proof` shows that `leaf` (a leaf hash) stands at `index` in the tree of `size` leaves under `root`. */
export function verifyInclusion(
  leaf: Buffer,
  index: number,
  size: number,
  proof: readonly Buffer[],
  root: Buffer,
): boolean {
  if (!isSize(size) || !isCount(index) || index >= size) return false;
  if (![leaf, root, ...proof].every(isHash)) return false;
  let fn = index;
  let sn = size - 1;
  let computed = leaf;
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      computed = nodeHash(sibling, computed);
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      computed = nodeHash(computed, sibling);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && computed.equals(root);
}

/**
 * The proof that the tree of all `leaves` continues the tree of the first `size` of them; 32 bytes each.
 *
 * @param leaves leaf hashes of 32 bytes
 * @param size 1 to the number of leaves; for all of them the proof is empty
 * @throws LedgerError `malformed` when `size` is out of range
 */
export function consistencyProof(leaves: readonly Buffer[], size: number): Buffer[] {
  return consistencyRanges(size, leaves.length).map(([from, to]) => rangeRoot(leaves, from, to));
}

/**
 * Which leaves each hash of a consistency proof is the root over, as `[from, to)`, counted from 0: for who has no leaves at
 * hand, but what they were made of (see `rangeRootOf`).
 *
 * @throws LedgerError `malformed` when `size1` is not in 1 to `size2`
 */
export function consistencyRanges(size1: number, size2: number): [from: number, to: number][] {
  if (!isSize(size1) || !isSize(size2) || size1 > size2) {
    throw new LedgerError("malformed", "the smaller tree must have 1 to all of the leaves");
  }
  const ranges: [number, number][] = [];
  let from = 0;
  let to = size2;
  // Whether the subtree in question is still a whole tree that the verifier knows the root of.
  let known = true;
  while (size1 !== to) {
    const middle = from + splitSize(to - from);
    if (size1 <= middle) {
      ranges.push([middle, to]);
      to = middle;
    } else {
      ranges.push([from, middle]);
      from = middle;
      known = false;
    }
  }
  if (!known) ranges.push([from, to]);
  return ranges.reverse();
}

/**
 * Whether `proof` shows that the tree of `size2` leaves under `root2` continues the one of `size1` under `root1`.
 * Of an empty first tree nothing can be proven: that is false.
 */
export function verifyConsistency(
  size1: number,
  size2: number,
  root1: Buffer,
  root2: Buffer,
  proof: readonly Buffer[],
): boolean {
  if (!isSize(size1) || !isSize(size2) || size1 > size2) return false;
  if (size1 === size2) return proof.length === 0 && root1.equals(root2);
  if (![root1, root2, ...proof].every(isHash)) return false;
  let fn = size1 - 1;
  let sn = size2 - 1;
  while (isOdd(fn)) {
    fn = half(fn);
    sn = half(sn);
  }
  // A first tree of a power of two is itself a subtree of the second, and its root is left out of the proof.
  const [first, ...siblings] = fn === 0 ? [root1, ...proof] : proof;
  if (first === undefined || proof.length === 0) return false;
  let older = first;
  let newer = first;
  for (const sibling of siblings) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      older = nodeHash(sibling, older);
      newer = nodeHash(sibling, newer);
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      newer = nodeHash(newer, sibling);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && older.equals(root1) && newer.equals(root2);
}

/** The largest power of two below `size` (RFC 9162 §2.1.1); `size` is at least 2. */
function splitSize(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isSize(value: number): boolean {
  return isCount(value) && value > 0;
}

function isHash(bytes: Buffer): boolean {
  return bytes.length === HASH_BYTES;
}
