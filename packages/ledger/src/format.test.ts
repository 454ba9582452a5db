import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { batchHash, batchRoot, encodeBodies, encodeLeaves, genesisHash } from "./batch.ts";
import { verifyChain } from "./chain.ts";
import { type AuditEvent, decodeEvent, encodeEvent } from "./event.ts";
import { leafHash, merkleRoot } from "./merkle.ts";
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from "./proof.ts";

const here = (path: string) => readFileSync(join(import.meta.dirname, path), "utf8");
const bytes = (hex: string) => Buffer.from(hex, "hex");
const hex = (list: readonly Buffer[]) => list.map((item) => item.toString("hex"));

interface Vectors {
  events: { name: string; event: AuditEvent; salt: string; bytes: string; leaf: string }[];
  chain: {
    deployment: string;
    chain: string;
    genesis: string;
    batches: {
      number: number;
      firstSeq: number;
      count: number;
      prevHash: string;
      root: string;
      hash: string;
      bodies: string;
      leaves: string;
    }[];
  };
  tree: {
    root: string;
    inclusion: { index: number; size: number; proof: string[] }[];
    consistency: { size1: number; size2: number; root1: string; proof: string[] }[];
  };
}

/*
 * Made once, and checked then by a second implementation in another language. Logs in this format are kept for
 * years: when one of these tests fails, the code is wrong, not the vector.
 */
describe("the frozen vectors of version 1", () => {
  const { events, chain, tree } = JSON.parse(here("../vectors/ledger-v1.json")) as Vectors;
  const leaves = events.map((event) => bytes(event.leaf));

  it("hold six events, three batches, and proofs for each leaf", () => {
    expect([events.length, chain.batches.length]).toEqual([6, 3]);
    expect([tree.inclusion.length, tree.consistency.length]).toEqual([6, 6]);
  });

  it.each(events)("encode and decode: $name", ({ event, salt, bytes: frozen, leaf }) => {
    expect(encodeEvent(event, bytes(salt)).toString("hex")).toBe(frozen);
    const decoded = decodeEvent(bytes(frozen));
    expect(Object.entries(decoded.details).sort()).toEqual(Object.entries(event.details).sort());
    expect({ ...decoded, details: null }).toEqual({ ...event, details: null });
    expect(leafHash(bytes(frozen)).toString("hex")).toBe(leaf);
  });

  it("give the same batches and the same chain", () => {
    expect(genesisHash(chain.deployment, chain.chain).toString("hex")).toBe(chain.genesis);
    for (const batch of chain.batches) {
      const from = batch.firstSeq - 1;
      const held = events.slice(from, from + batch.count).map((event) => bytes(event.bytes));
      expect(encodeBodies(held).toString("hex")).toBe(batch.bodies);
      expect(encodeLeaves(held).toString("hex")).toBe(batch.leaves);
      expect(batchRoot(held).toString("hex")).toBe(batch.root);
      expect(batchHash(bytes(batch.prevHash), bytes(batch.root)).toString("hex")).toBe(batch.hash);
    }
  });

  it("verify, with their bodies and with their leaf hashes alone", () => {
    const batches = chain.batches.map((batch) => ({
      ...batch,
      prevHash: bytes(batch.prevHash),
      root: bytes(batch.root),
      hash: bytes(batch.hash),
      bodies: bytes(batch.bodies),
      leaves: bytes(batch.leaves),
    }));
    const head = batches.at(-1)!.hash;
    const checkpoint = { number: 3, seq: 6, hash: head };
    for (const pruned of [batches, batches.map((batch) => ({ ...batch, bodies: null }))]) {
      expect(verifyChain(pruned, chain, checkpoint)).toMatchObject({ ok: true, head, provenEvents: 6 });
    }
  });

  it("give the same proofs, and the proofs verify", () => {
    const root = merkleRoot(leaves);
    expect(root.toString("hex")).toBe(tree.root);
    for (const { index, size, proof } of tree.inclusion) {
      expect(hex(inclusionProof(leaves, index))).toEqual(proof);
      expect(verifyInclusion(leaves[index]!, index, size, proof.map(bytes), root)).toBe(true);
    }
    for (const { size1, size2, root1, proof } of tree.consistency) {
      expect(hex(consistencyProof(leaves, size1))).toEqual(proof);
      expect(verifyConsistency(size1, size2, bytes(root1), root, proof.map(bytes))).toBe(true);
    }
  });
});

describe("the example in docs/audit-format.md", () => {
  const page = here("../../../docs/audit-format.md");
  const block = /```example\n(.*?)\n```/s.exec(page)?.[1] ?? "";
  const value = new Map(block.split("\n").map((line) => line.split(" = ", 2) as [string, string]));
  const of = (name: string): string => {
    const found = value.get(name);
    if (found === undefined) throw new Error(`the example has no "${name}"`);
    return found;
  };
  const event = (n: number) => Buffer.from(of(`event ${n}`));

  it("has events that are canonical, with the lengths and leaf hashes it says", () => {
    for (const n of [1, 2, 3]) {
      expect(encodeEvent(decodeEvent(event(n)), Buffer.alloc(16, n))).toEqual(event(n));
      expect(encodeBodies([event(n)]).toString("hex", 0, 4)).toBe(of(`length ${n}`));
      expect(leafHash(event(n)).toString("hex")).toBe(of(`leaf ${n}`));
    }
  });

  it("has the genesis, roots and hashes that its events give", () => {
    const genesis = genesisHash(of("deployment"), of("chain"));
    const root1 = batchRoot([event(1), event(2)]);
    const root2 = batchRoot([event(3)]);
    const hash1 = batchHash(genesis, root1);
    const hash2 = batchHash(hash1, root2);
    expect(hex([genesis, root1, hash1, root2, hash2])).toEqual(
      ["genesis", "root 1", "hash 1", "root 2", "hash 2"].map(of),
    );
    expect(of("root 2")).toBe(of("leaf 3"));
  });

  it("gives the label of the genesis hash in SQL as it is in the code", () => {
    const label = /sha256\('\\x([0-9a-f]+)'::bytea/.exec(page)?.[1];
    expect(Buffer.from(label ?? "", "hex").toString()).toBe("keyfold/chain/v1\0");
  });
});
