import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** What every package's tests share: sentences on the terminal, a count that `.ci/run` adds up. */
export const shared = defineConfig({
  test: {
    include: ["src/**/*.test.ts", "src/**/*.test.tsx", "test/**/*.test.ts"],
    reporters: ["default", "json"],
    outputFile: { json: "node_modules/.keyfold-test.json" },
    sequence: { shuffle: true },
    // For machines that do other work as well: a test that hangs fails, one that is slow does not.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    passWithNoTests: false,
    // Vitest leaves one core to itself, which on two cores is one too many.
    maxWorkers: 2,
    // No module here keeps a state: a worker loads what the tests need once, not once for each file.
    isolate: false,
    // Node runs this TypeScript as it is: nothing is translated for the tests that runs untranslated elsewhere.
    experimental: { viteModuleRunner: false },
    // Programs that tests start need not compile the same files each time.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compile") },
  },
});
