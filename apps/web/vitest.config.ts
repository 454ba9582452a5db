import { mergeConfig } from "vitest/config";
import { shared } from "../../vitest.shared.ts";
import { LongOnesFirst } from "./test/long-ones-first.ts";

export default mergeConfig(shared, {
  test: {
    sequence: { sequencer: LongOnesFirst },
    // A machine that does other work as well is slow, and not wrong.
    expect: { poll: { timeout: 30_000 } },
    globalSetup: ["./test/build.ts", "@keyfold/db/testing/global-setup"],
  },
});
