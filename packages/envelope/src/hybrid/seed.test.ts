import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EnvelopeError } from "../error.ts";
import { localRootKey } from "../local-provider.ts";
import { frozenHybridVectors } from "../testing/frozen-hybrid-vectors.ts";
import {
  generateHybridSeedFile,
  hybridSeedFromCommand,
  hybridSeedFromFile,
  hybridSeedFromText,
} from "./seed.ts";

const said = async (work: () => unknown): Promise<string> => {
  try {
    await work();
    return "taken";
  } catch (error) {
    return error instanceof EnvelopeError ? `${error.code}: ${error.message}` : "another error";
  }
};

test("a seed gives the same key from a text, a closed file and a command's output", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keyfold-seed-"));
  try {
    const path = join(folder, "seed");
    const made = await generateHybridSeedFile(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const text = await readFile(path, "utf8");
    expect(hybridSeedFromText(text).publicKey.id).toBe(made.publicKey.id);
    expect((await hybridSeedFromFile(path)).publicKey.id).toBe(made.publicKey.id);
    expect((await hybridSeedFromCommand(`cat ${path}`)).publicKey.id).toBe(made.publicKey.id);
    expect(await said(() => generateHybridSeedFile(path))).toBe(
      `bad_hybrid_seed: The hybrid seed file ${path} is there already; it is not overwritten.`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("weak, short and published seeds are refused with a sentence, and an open file too", async () => {
  expect(await said(() => hybridSeedFromText("00".repeat(32)))).toContain(
    "bad_hybrid_seed: The hybrid seed is all zeros. Make a good one with:",
  );
  expect(await said(() => hybridSeedFromText("0f".repeat(16)))).toContain("The hybrid seed is too short");
  expect(await said(() => hybridSeedFromCommand("echo nothing good"))).toContain("bad_hybrid_seed: ");
  expect(await said(() => hybridSeedFromCommand("exit 3"))).toBe(
    "provider_unavailable: The hybrid seed command failed (exit status 3).",
  );
  for (const { hybrid_seed } of frozenHybridVectors.cases)
    expect(await said(() => hybridSeedFromText(hybrid_seed))).toContain("is a well-known example");
  const folder = await mkdtemp(join(tmpdir(), "keyfold-seed-"));
  try {
    const path = join(folder, "seed");
    await writeFile(path, randomBytes(32).toString("hex"), { mode: 0o644 });
    expect(await said(() => hybridSeedFromFile(path))).toContain(`chmod 600 ${path}`);
    expect(await said(() => hybridSeedFromFile(join(folder, "none")))).toContain("no hybrid seed file at");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a seed knows which local root key it would be, so that one key is not taken for both", async () => {
  const bytes = randomBytes(32);
  const seed = hybridSeedFromText(bytes.toString("hex"));
  expect(seed.asRootKey).toBe((await localRootKey(bytes).current()).id);
});
