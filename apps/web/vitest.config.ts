import { mergeConfig } from "vitest/config";
import { shared } from "../../vitest.shared.ts";

export default mergeConfig(shared, {
  test: {
    // A machine that does other work as well is slow, and not wrong.
    expect: { poll: { timeout: 30_000 } },
    globalSetup: ["./test/build.ts", "@keyfold/db/testing/global-setup"],
  },
});
