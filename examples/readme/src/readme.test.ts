import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const here = join(import.meta.dirname, "..");
const root = join(here, "../..");
// Beside this package's own node_modules, so that the example imports what an app would.
const folder = join(here, "node_modules/.readme");

// Both tests write the one file, and so take turns.

let served: Served;
beforeAll(async () => {
  served = await serveHouse();
  await mkdir(folder, { recursive: true });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await served.close();
});

/** The README's one TypeScript example, word for word. */
async function example(): Promise<string> {
  const blocks = [...(await readFile(join(root, "README.md"), "utf8")).matchAll(/^```ts\n([\s\S]*?)^```/gm)];
  expect(blocks).toHaveLength(1);
  return blocks[0]![1]!;
}

test("the README's example does what it says, against a running Keyfold", async () => {
  const { token } = await served.house.tenant("demo");
  // Not under node_modules: Node strips no types there.
  const file = join(here, "src/readme.example.ts");
  await writeFile(file, await example());
  try {
    const { stdout } = await run(process.execPath, [file], {
      env: { ...process.env, KEYFOLD_URL: served.url, KEYFOLD_TOKEN: token },
    });
    expect(stdout.split("\n")).toEqual([
      "20 characters",
      "tolerance 300",
      "STRIPE_SECRET_KEY version 2",
      "WEBHOOK_TOLERANCE_SECONDS version 1",
      "",
    ]);
  } finally {
    await rm(file, { force: true });
  }
});

test("the README's example passes the type checker", async () => {
  const file = join(here, "src/readme.example.ts");
  await writeFile(file, await example());
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: join(root, "tsconfig.base.json"),
      compilerOptions: { composite: false, noEmit: true, rootDir: root },
      files: [file],
    }),
  );
  try {
    await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder]).catch(
      (error: { stdout: string }) => {
        throw new Error(error.stdout);
      },
    );
  } finally {
    await rm(file, { force: true });
  }
});
