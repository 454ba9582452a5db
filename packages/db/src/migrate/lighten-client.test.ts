import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { queryCompiler } from "../query-compiler.ts";
import { lightenClient } from "./lighten-client.ts";

const GENERATED = fileURLToPath(new URL("../generated", import.meta.url));
const COMPILER = "@prisma/client/runtime/query_compiler_small_bg.postgresql.wasm-base64.mjs";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-client-"));
  await cp(GENERATED, folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

test("what runs of the generated client is in Latin-1, loads its compiler from a file and keeps no arrays of holes", async () => {
  for (const file of ["client.ts", "internal/class.ts", "internal/prismaNamespace.ts"])
    expect([file, /[^\0-\xff]/.test(await readFile(join(folder, file), "utf8"))]).toEqual([file, false]);
  const text = await readFile(join(folder, "internal/class.ts"), "utf8");
  expect(text).toContain(`queryCompiler("${COMPILER}"`);
  const strings: string[] = JSON.parse(JSON.parse(/strings: JSON\.parse\((".*")\)/.exec(text)![1]!));
  expect(strings.indexOf("where")).toBeGreaterThanOrEqual(1024);
});

test("a client that Prisma generates in another way is told of, and not left as it is", async () => {
  const path = join(folder, "internal/class.ts");
  await expect(lightenClient(folder)).rejects.toThrow("loads its query compiler in another way");
  const unlike = (await readFile(path, "utf8"))
    .replace(
      /async \(\) => decodeBase64AsWasm\(await queryCompiler\("[^"]+", \(\) => (import\("[^"]+"\))\)\)/,
      (_, load) =>
        `async () => {\n    const { wasm } = await ${load}\n    return await decodeBase64AsWasm(wasm)\n  }`,
    )
    .replace('graph: "', 'other: "');
  await writeFile(path, unlike);
  await expect(lightenClient(folder)).rejects.toThrow("writes its parameters' graph in another way");
});

test("the compiler that is read as a file is the one that would be imported, which is what is left where there is no file", async () => {
  const imported = (await import(COMPILER)) as { wasm: string };
  expect(
    (await queryCompiler(COMPILER, () => Promise.reject(new Error("not asked for")))) === imported.wasm,
  ).toBe(true);
  expect(await queryCompiler("@prisma/client/not-there", async () => ({ wasm: "AGFzbQ==" }))).toBe(
    "AGFzbQ==",
  );
});
