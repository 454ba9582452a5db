import { LedgerError } from "./error.ts";
import { HASH_BYTES, nodeHash, sha256 } from "./merkle.ts";

/*
 * A growing Merkle tree, without its leaves: the roots of the full subtrees that it consists of, the largest first, one
 * for each bit that is set in its size. It is all that is needed to add a leaf, to name the root, and to prove the leaf
 * that was added last.
 */

/** A tree of `size` leaves. */
export interface Frontier {
  size: number;
  /** 32 bytes each. */
  nodes: readonly Buffer[];
}

export const EMPTY: Frontier = { size: 0, nodes: [] };

/** The tree with one more leaf. @param leaf a leaf hash of 32 bytes @throws LedgerError `malformed` */
export function grow({ size, nodes }: Frontier, leaf: Buffer): Frontier {
  requireFrontier({ size, nodes });
  const grown = [...nodes];
  let node = leaf;
  for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) node = nodeHash(grown.pop()!, node);
  return { size: size + 1, nodes: [...grown, node] };
}

/** The tree's root (RFC 9162 §2.1.1), 32 bytes. */
export function frontierRoot(frontier: Frontier): Buffer {
  requireFrontier(frontier);
  const smallestFirst = frontier.nodes.toReversed();
  const [first, ...larger] = smallestFirst;
  if (first === undefined) return sha256(Buffer.alloc(0));
  return Buffer.from(larger.reduce((right, left) => nodeHash(left, right), first));
}

/** The audit path (RFC 9162 §2.1.3) of the leaf that `grow` adds to this tree, in the tree with that leaf. */
export function pathOfNext(frontier: Frontier): Buffer[] {
  requireFrontier(frontier);
  return frontier.nodes.toReversed();
}

/**
 * The root over a subtree's leaves, of which the last is `leaf`.
 * @param before the tree up to that leaf, without it
 * @param from the subtree's first leaf, counted from 0: where a subtree of RFC 9162 begins
 */
export function rangeRootOf(before: Frontier, from: number, leaf: Buffer): Buffer {
  requireFrontier(before);
  // The smallest first, and so from right to left.
  let start = before.size;
  let root = leaf;
  for (let at = before.nodes.length - 1, size = 1; at >= 0; size *= 2) {
    if (Math.floor(before.size / size) % 2 === 0) continue;
    start -= size;
    if (start < from) break;
    root = nodeHash(before.nodes[at]!, root);
    at--;
  }
  return root;
}

function requireFrontier({ size, nodes }: Frontier): void {
  const bits =
    Number.isSafeInteger(size) && size >= 0 ? BigInt(size).toString(2).replaceAll("0", "").length : -1;
  if (nodes.length !== bits || nodes.some((node) => node.length !== HASH_BYTES))
    throw new LedgerError("malformed", "a tree's size and its subtrees do not belong together");
}
