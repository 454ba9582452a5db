import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { canRun, copyBinaries, findBinaries } from "./binaries.ts";

test("binaries that were installed without scripts, hence without their links, run from a copy", async () => {
  const base = await mkdtemp(join(tmpdir(), "keyfold-binaries-"));
  try {
    const installed = await findBinaries();
    const bare = { root: join(base, "native"), version: installed.version };
    await cp(installed.root, bare.root, { recursive: true, verbatimSymlinks: true });
    for (const entry of await readdir(join(bare.root, "lib"), { withFileTypes: true })) {
      if (entry.isSymbolicLink()) await rm(join(bare.root, "lib", entry.name));
    }
    expect(await canRun(bare, null)).toBe(false);
    const copy = await copyBinaries(bare, base, null);
    expect(await canRun(copy, null)).toBe(true);
  } finally {
    await rm(base, { recursive: true, force: true });
  }
});
