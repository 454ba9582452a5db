import { mergeConfig } from "vitest/config";
import { shared } from "../../vitest.shared.ts";

export default mergeConfig(shared, {
  test: {
    globalSetup: ["./test/build.ts", "@keyfold/db/testing/global-setup"],
    // One story told by one browser: its steps follow each other.
    sequence: { shuffle: { files: true, tests: false } },
    testTimeout: 60_000,
  },
});
