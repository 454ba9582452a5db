import { once } from "node:events";
import { PassThrough } from "node:stream";
import { openHouse } from "@keyfold/secrets/testing";
import { expect, test } from "vitest";
import { createLog } from "../observe/log.ts";
import { createMetrics } from "../observe/metrics.ts";
import { asSuperuser } from "../testing/superuser.ts";
import { takeHints } from "./hints.ts";

test("a change that any process makes is hinted at, also after the connection was lost, which the log tells once", async () => {
  const house = await openHouse();
  const { id, caller } = await house.tenant("acme");
  const lines = new PassThrough();
  const hints = new PassThrough({ objectMode: true });
  const metrics = createMetrics({ process: false });
  const states = new PassThrough({ objectMode: true });
  const listener = takeHints({
    url: house.database.url,
    keyfold: { hint: (message) => void hints.write(message) },
    log: createLog({ level: "info", destination: lines }),
    metrics: {
      ...metrics,
      listening(on) {
        metrics.listening(on);
        states.write(on ? "on" : "off");
      },
    },
  });
  try {
    expect(await next(states)).toBe("on");
    await caller.secrets.create({ name: "A", value: "not_a_real_value" });
    expect(await next(hints)).toContain(id);
    await asSuperuser(
      house,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'keyfold listener' AND datname = current_database()",
    );
    expect(await next(states)).toBe("off");
    expect(await next(states)).toBe("on");
    expect((await metrics.page()).text).toContain("keyfold_listening 1");
    await caller.secrets.create({ name: "B", value: "not_a_real_value" });
    expect(await next(hints)).toContain(id);
  } finally {
    await listener.stop();
    await house.close();
  }
  const log = String(lines.read());
  expect(log.match(/do not arrive/g)).toHaveLength(1); // and not when it was stopped
});

async function next(stream: PassThrough): Promise<unknown> {
  for (;;) {
    const one = stream.read();
    if (one !== null) return one;
    await once(stream, "readable");
  }
}
