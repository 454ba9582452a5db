import { mergeConfig } from "vitest/config";
import { shared } from "../../vitest.shared.ts";

export default mergeConfig(shared, {
  test: {
    globalSetup: ["./test/build.ts", "@keyfold/db/testing/global-setup"],
    // Each file has a browser and a server of its own; side by side they would only slow each other down.
    fileParallelism: false,
    testTimeout: 120_000,
  },
});
