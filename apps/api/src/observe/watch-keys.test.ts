import { openHouse } from "@keyfold/secrets/testing";
import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";
import { watchKeys } from "./watch-keys.ts";

const quiet = { warn() {} } as unknown as Parameters<typeof watchKeys>[0]["log"];

test("the metrics say how many keys each root key wraps, when the current one is due, and that it is overdue", async () => {
  const house = await openHouse();
  try {
    const { id } = await house.provider.current();
    await house.tenant("acme");
    const page = async () => {
      const metrics = createMetrics({ process: false });
      const noted = Promise.withResolvers<void>();
      const keys: typeof metrics.keys = (facts) => {
        metrics.keys(facts);
        noted.resolve();
      };
      const watch = watchKeys({ keyfold: house.server, log: quiet, metrics: { keys } });
      await noted.promise;
      watch.stop();
      return (await metrics.page()).text;
    };
    const young = await page();
    expect(young).toContain(`keyfold_root_key_wraps{root_key="${id}"} 5`);
    expect(young).toMatch(/^keyfold_root_key_rotation_due_timestamp_seconds [1-9]/m);
    expect(young).toMatch(/^keyfold_root_key_rotation_overdue 0$/m);
    await house.moveClock("91 days");
    expect(await page()).toMatch(/^keyfold_root_key_rotation_overdue 1$/m);
  } finally {
    await house.close();
  }
});
