import { defineConfig } from "vitest/config";

/** What every package's tests share: sentences on the terminal, a count that `.ci/run` adds up. */
export const shared = defineConfig({
  test: {
    include: ["src/**/*.test.ts", "src/**/*.test.tsx", "test/**/*.test.ts"],
    reporters: ["default", "json"],
    outputFile: { json: "node_modules/.keyfold-test.json" },
    sequence: { shuffle: true },
    testTimeout: 30_000,
    hookTimeout: 120_000,
    passWithNoTests: false,
  },
});
