import { execFileSync, spawnSync } from "node:child_process";
import { hkdfSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, type TestContext, test } from "vitest";
import { dekWrapAad, keyWrapAad, valueAad } from "./place.ts";
import { frozenHybridVectors } from "./testing/frozen-hybrid-vectors.ts";
import { fromHex, frozenVectors } from "./testing/frozen-vectors.ts";
import { WRAP_SUITE } from "./wrap.ts";

const docs = new URL("../../../docs/", import.meta.url);
const page = readFileSync(new URL("envelope-v1.md", docs), "utf8");
const first = frozenVectors.cases[0]!;

/** The bytes of the page's block "```hex NAME", without remarks and white space. */
function block(name: string): string {
  const found = page.match(new RegExp(`^\`\`\`hex ${name}\n([^\`]*)^\`\`\`$`, "m"));
  if (found?.[1] === undefined) throw new Error(`docs/envelope-v1.md has no block "hex ${name}"`);
  return found[1].replaceAll(/#.*$/gm, "").replaceAll(/\s/g, "");
}

describe("docs/envelope-v1.md: the worked example is what the code does", () => {
  const sealed = fromHex(first.sealed);
  const derived = Buffer.from(
    hkdfSync("sha512", fromHex(first.dek), sealed.subarray(2, 34), "keyfold/value/v1", 64),
  );

  test.each([
    ["dek", first.dek],
    ["sealed", first.sealed],
    ["encryption-key", derived.subarray(0, 32).toString("hex")],
    ["value-aad", valueAad(sealed.subarray(0, 66), first.value_place).toString("hex")],
    ["plaintext", first.plaintext],
    ["dek-aad", dekWrapAad(WRAP_SUITE, first.dek_place).toString("hex")],
    ["key-aad", keyWrapAad(WRAP_SUITE, first.key_place).toString("hex")],
  ])("block %s", (name, bytes) => {
    expect(block(name)).toBe(bytes);
  });

  test("the place", () => {
    const { deployment, tenant, project, environment, secret, version } = first.value_place;
    expect(version).toBe(1);
    for (const [name, id] of Object.entries({ deployment, tenant, project, environment, secret })) {
      expect(page).toContain(`| ${name} | \`${id}\` |`);
    }
  });
});

describe("docs/envelope-v1-reader.py, a second decryptor", () => {
  const reader = fileURLToPath(new URL("envelope-v1-reader.py", docs));

  /** Skips where Python or its package is missing; in CI that is a failure. */
  function needsPython(context: TestContext): void {
    if (spawnSync("python3", ["-c", "import cryptography"]).status === 0) return;
    const sentence = "python3 with the package `cryptography` is missing";
    if (process.env.CI) throw new Error(`${sentence}: CI must have it`);
    context.skip(sentence);
  }

  /** `cryptography` 48 has ML-KEM; in CI a missing one is a failure, elsewhere the reader leaves suite 2 out. */
  function hasMlKem(): boolean {
    const has = "from cryptography.hazmat.primitives.asymmetric import mlkem";
    if (spawnSync("python3", ["-c", has]).status === 0) return true;
    if (process.env.CI) throw new Error("python's `cryptography` has no ML-KEM: CI must have release 48");
    return false;
  }

  test("opens every frozen vector, and refuses those that must be refused", (context) => {
    needsPython(context);
    const hybrid = hasMlKem() ? frozenHybridVectors : { cases: [], refused: [] };
    const opened = frozenVectors.cases.length + hybrid.cases.length;
    const refused = frozenVectors.refused.length + hybrid.refused.length;
    expect(execFileSync("python3", [reader], { encoding: "utf8" })).toBe(
      `${opened} opened, ${refused} refused, 0 failed\n`,
    );
  });

  test("fails where a hybrid vector does not open", (context) => {
    needsPython(context);
    if (!hasMlKem()) context.skip("python's `cryptography` has no ML-KEM");
    const folder = mkdtempSync(join(tmpdir(), "keyfold-vectors-"));
    try {
      const path = join(folder, "changed.json");
      const [case1] = frozenHybridVectors.cases;
      const cases = [{ ...case1, part: "", key_place: { ...case1!.key_place, term: 2 } }];
      writeFileSync(path, JSON.stringify({ cases, refused: [] }));
      const vectors = fileURLToPath(new URL("../vectors/envelope-v1.json", import.meta.url));
      const run = spawnSync("python3", [reader, vectors, path], { encoding: "utf8" });
      expect(run.status).toBe(1);
      expect(run.stdout).toContain("FAILED  hybrid, a tenant key of the first term: not_authentic");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("fails where a vector does not open", (context) => {
    needsPython(context);
    const folder = mkdtempSync(join(tmpdir(), "keyfold-vectors-"));
    try {
      const path = join(folder, "changed.json");
      const cases = [{ ...first, value_place: { ...first.value_place, version: 2 } }];
      writeFileSync(path, JSON.stringify({ ...frozenVectors, cases }));
      const run = spawnSync("python3", [reader, path], { encoding: "utf8" });
      expect(run.status).toBe(1);
      expect(run.stderr).toContain("not_authentic");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
