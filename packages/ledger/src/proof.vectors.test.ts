import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { verifyConsistency, verifyInclusion } from "./proof.ts";

/*
 * The public test data of transparency-dev/merkle. It is not part of this repository: it lies in
 * `../shared/vectors/merkle` beside it, or under the folder that KEYFOLD_VECTORS names.
 */
const folder = process.env.KEYFOLD_VECTORS ?? join(import.meta.dirname, "../../../../shared/vectors");

interface InclusionCase {
  leafIdx: number;
  treeSize: number;
  root: string;
  leafHash: string;
  proof: string[] | null;
  wantErr: boolean;
}

interface ConsistencyCase {
  size1: number;
  size2: number;
  root1: string;
  root2: string;
  proof: string[] | null;
  wantErr: boolean;
}

function load<Case>(file: string, skip: (reason: string) => void): Record<string, Case> {
  const path = join(folder, "merkle", file);
  if (!existsSync(path) && !process.env.CI)
    skip("no test data: set KEYFOLD_VECTORS to a folder with merkle/");
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, Case>;
}

const base64 = (text: string) => Buffer.from(text, "base64");

describe("the transparency-dev vectors", () => {
  it("of inclusion proofs verify and fail as they say", ({ skip }) => {
    const cases = Object.entries(load<InclusionCase>("inclusion.json", skip));
    expect(cases.length).toBeGreaterThan(90);
    for (const [name, { leafIdx, treeSize, root, leafHash, proof, wantErr }] of cases) {
      const path = (proof ?? []).map(base64);
      const verified = verifyInclusion(base64(leafHash), leafIdx, treeSize, path, base64(root));
      expect(verified, name).toBe(!wantErr);
    }
  });

  it("of consistency proofs verify and fail as they say", ({ skip }) => {
    const cases = Object.entries(load<ConsistencyCase>("consistency.json", skip));
    expect(cases.length).toBeGreaterThan(90);
    for (const [name, { size1, size2, root1, root2, proof, wantErr }] of cases) {
      const path = (proof ?? []).map(base64);
      expect(verifyConsistency(size1, size2, base64(root1), base64(root2), path), name).toBe(!wantErr);
    }
  });
});
