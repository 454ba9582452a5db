import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LedgerError } from "./error.ts";
import { leafHash, merkleRoot, nodeHash } from "./merkle.ts";

const sha = (...parts: (Buffer | string)[]) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The Merkle Tree Hash word for word as RFC 9162 §2.1.1 defines it, over the data itself. */
function mth(data: readonly Buffer[]): Buffer {
  if (data.length === 0) return sha("");
  if (data.length === 1) return sha(Buffer.of(0), data[0]!);
  let k = 1;
  while (k * 2 < data.length) k *= 2;
  return sha(Buffer.of(1), mth(data.slice(0, k)), mth(data.slice(k)));
}

describe("the Merkle tree", () => {
  // The eight inputs and the roots that the Certificate Transparency implementations share as test data.
  const inputs = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
  ].map((hex) => Buffer.from(hex, "hex"));
  it.each([
    [0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    [1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"],
    [2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    [3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"],
    [4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
    [5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"],
    [6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"],
    [7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"],
    [8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"],
  ])("over the first %d known inputs has the known root", (size, root) => {
    expect(merkleRoot(inputs.slice(0, size).map(leafHash)).toString("hex")).toBe(root);
  });

  it("has the root that the RFC's recursive definition gives", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 40 }), (data) => {
        const bytes = data.map((item) => Buffer.from(item));
        expect(merkleRoot(bytes.map(leafHash))).toEqual(mth(bytes));
      }),
    );
  });

  it("tells a leaf from an inner node of the same bytes", () => {
    const [left, right] = [leafHash(Buffer.from("a")), leafHash(Buffer.from("b"))];
    expect(leafHash(Buffer.concat([left, right]))).not.toEqual(nodeHash(left, right));
  });

  it("gives a root of its own, not a view of a leaf", () => {
    const leaf = leafHash(Buffer.from("a"));
    merkleRoot([leaf]).fill(0);
    expect(leaf).toEqual(leafHash(Buffer.from("a")));
  });

  it("refuses leaves that are no hashes", () => {
    for (const leaves of [[Buffer.alloc(31)], [Buffer.alloc(32), Buffer.alloc(33)]]) {
      expect(() => merkleRoot(leaves)).toThrow(expect.objectContaining({ code: "malformed" }));
      expect(() => merkleRoot(leaves)).toThrow(LedgerError);
    }
  });
});
