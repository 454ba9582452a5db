import { mergeConfig } from "vitest/config";
import { shared } from "../../vitest.shared.ts";

export default mergeConfig(shared, {
  test: {
    globalSetup: ["@keyfold/secrets/testing/global-setup"],
    // No module here keeps a state: a worker loads what the tests need once, not once for each file.
    isolate: false,
  },
});
