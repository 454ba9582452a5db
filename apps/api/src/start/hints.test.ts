import { once } from "node:events";
import { PassThrough } from "node:stream";
import { callerOf, openHouse } from "@keyfold/secrets/testing";
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

test("however many stream, one connection of the process listens, none waits for each, and all hear of a change", async () => {
  const house = await openHouse();
  const { caller, token } = await house.tenant("acme");
  const server = await house.another({ streams: { restMs: 600_000 } });
  const states = new PassThrough({ objectMode: true });
  const listener = takeHints({
    url: house.database.url,
    keyfold: server,
    log: createLog({ level: "silent", destination: new PassThrough() }),
    metrics: {
      ...createMetrics({ process: false }),
      listening: (on) => void states.write(on ? "on" : "off"),
    },
  });
  const streams: AsyncIterator<readonly [string, { type: string; name?: string | null }, ...unknown[]]>[] =
    [];
  try {
    expect(await next(states)).toBe("on");
    for (let n = 0; n < 40; n++) {
      const items = await callerOf(server, token).events.stream({});
      const stream = (items as AsyncIterable<never>)[Symbol.asyncIterator]();
      expect((await stream.next()).value[1].type).toBe("open");
      streams.push(stream);
    }
    const heard = streams.map((stream) => stream.next());
    await caller.secrets.create({ name: "A", value: "not_a_real_value" });
    for (const { value } of await Promise.all(heard)) expect(value[1]).toMatchObject({ name: "A" });
    const connections = await asSuperuser<{ listens: boolean; waits: boolean }>(
      house,
      `SELECT query ILIKE 'LISTEN%' AS listens, state <> 'idle' AS waits FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    expect(connections.filter(({ listens }) => listens)).toHaveLength(1);
    expect(connections.length).toBeLessThan(40);
  } finally {
    await Promise.all(streams.map((stream) => stream.return?.()));
    await listener.stop();
    await house.close();
  }
});

async function next(stream: PassThrough): Promise<unknown> {
  for (;;) {
    const one = stream.read();
    if (one !== null) return one;
    await once(stream, "readable");
  }
}
