import { type House, openHouse } from "@keyfold/secrets/testing";
import { PgBoss } from "pg-boss";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLog } from "../observe/log.ts";
import { createMetrics } from "../observe/metrics.ts";
import { type Scheduler, startScheduler } from "./scheduler.ts";
import { watchJobs } from "./watch.ts";

let house: House;
let lines: string[];
let started: Scheduler[];
const log = createLog({ level: "info", destination: { write: (line: string) => void lines.push(line) } });

beforeEach(async () => {
  house = await openHouse();
  lines = [];
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((scheduler) => scheduler.stop()));
  await house.close();
});

type Run = (signal?: AbortSignal) => Promise<void>;
async function start(name: string, run: Run, everySeconds = 1): Promise<Scheduler> {
  const scheduler = await startScheduler({
    url: house.database.url,
    keyfold: { jobs: [{ name, everySeconds, run }] },
    log,
    pollSeconds: 0.5,
  });
  started.push(scheduler);
  return scheduler;
}

/** Something to wait for that a job does. */
function times(wanted: number): { reached: Promise<void>; count(): void } {
  let left = wanted;
  let done = () => {};
  const reached = new Promise<void>((resolve) => {
    done = resolve;
  });
  return { reached, count: () => void (--left === 0 && done()) };
}

test("the application's role runs jobs again and again, without the right to make a table", async () => {
  const { reached, count } = times(2);
  await start("test.often", async () => count());
  await reached;
  const rows = await house.sql<{ data: unknown; output: unknown }>(
    "SELECT data, output FROM keyfold_jobs.job WHERE name = 'test.often'",
  );
  for (const row of rows) expect(row.data).toBeNull(); // payloads hold nothing
});

test("a job runs in one process at a time, however many ask for it", async () => {
  let running = 0;
  let most = 0;
  const { reached, count } = times(4);
  const run = async () => {
    most = Math.max(most, ++running);
    await house.sql("SELECT pg_sleep(0.3)");
    running--;
    count();
  };
  for (let i = 0; i < 3; i++) await start("test.alone", run);
  await reached;
  expect(most).toBe(1);
});

test("a stop tells the running job to end, waits for it, and leaves no connection behind", async () => {
  let told = false;
  const { reached, count } = times(1);
  const scheduler = await start("test.long", async (signal) => {
    count();
    await new Promise<void>((resolve) => signal!.addEventListener("abort", () => resolve()));
    told = true;
  });
  await reached;
  await scheduler.stop();
  expect(told).toBe(true);
  // The server's side of a connection goes a moment after ours.
  const left = () =>
    house.sql(
      "SELECT 1 FROM pg_stat_activity WHERE application_name = 'keyfold jobs' AND datname = current_database()",
    );
  await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 30_000 });
});

test("what a job throws is stored nowhere, and the next interval runs it again", async () => {
  const { reached, count } = times(2);
  await start("test.failing", async () => {
    count();
    throw new Error("canary_not_a_real_value");
  });
  await reached;
  const dump = JSON.stringify(await house.sql("SELECT * FROM keyfold_jobs.job"));
  expect(dump).toContain("failed");
  expect(dump).not.toContain("canary");
  expect(lines.join("")).not.toContain("canary");
});

test("regression: a daily job that failed or was killed with its process waited for the next day", async () => {
  const { reached, count } = times(2);
  let runs = 0;
  const queue = "test.daily";
  const run = async () => {
    count();
    if (++runs === 1) throw new Error("failed");
  };
  await start(queue, run, 86_400);
  const once = (change: string, was: string) =>
    vi.waitFor(
      async () => {
        const rows = await house.sql(
          `UPDATE keyfold_jobs.job SET ${change} WHERE name = '${queue}' AND state = '${was}' RETURNING 1`,
        );
        expect(rows).toHaveLength(1);
      },
      { timeout: 60_000, interval: 50 },
    );
  // It failed. Then another process took it, and was killed.
  await once("state = 'active', started_on = now(), heartbeat_on = now() - interval '1 hour'", "retry");
  const boss = new PgBoss({
    connectionString: house.database.superuserUrl,
    schema: "keyfold_jobs",
    max: 1,
    supervise: false,
    monitorIntervalSeconds: 1,
  });
  await boss.start();
  try {
    await house.sql(`UPDATE keyfold_jobs.queue SET monitor_on = NULL WHERE name = '${queue}'`);
    await boss.supervise(queue);
  } finally {
    await boss.stop({ graceful: false });
  }
  await once("start_after = now()", "retry");
  await reached;
});

test("the migrations installed exactly the schema that this release of pg-boss wants", async () => {
  const boss = new PgBoss({ connectionString: house.database.superuserUrl, schema: "keyfold_jobs", max: 1 });
  await boss.start();
  try {
    const drift = await boss.detectSchemaDrift();
    expect(drift).toMatchObject({ ok: true });
  } finally {
    await boss.stop({ graceful: false });
  }
});

test("a database that lacks the queue is an error at the start, not a job that never runs", async () => {
  await house.sql("DROP SCHEMA keyfold_jobs CASCADE");
  await expect(start("test.never", async () => {})).rejects.toThrow("pg-boss is not installed");
});

test("a job that nobody runs is an error in the log, once an hour, and shows in the metrics", async () => {
  const metrics = createMetrics({ process: false });
  const watch = watchJobs({ keyfold: house.server, log, metrics, everyMs: 3_600_000 });
  try {
    await watch.look();
    expect(lines).toEqual([]);
    await house.moveClock("1 hour");
    await watch.look();
    await watch.look();
    const told = lines.map((line) => JSON.parse(line));
    expect(told.map(({ level, code, action }) => [level, code, action])).toEqual(
      house.server.jobs.map(({ name }) => ["error", "job_overdue", name]),
    );
    expect((await metrics.page()).text).toContain('keyfold_job_overdue{job="sessions.clean"} 1');
    await house.moveClock("2 hours 1 minute");
    await watch.look();
    expect(lines).toHaveLength(2 * house.server.jobs.length);
    for (const job of house.server.jobs) await job.run();
    await watch.look();
    expect((await metrics.page()).text).toContain('keyfold_job_overdue{job="sessions.clean"} 0');
    expect(lines.at(-1)).toContain("runs again");
  } finally {
    watch.stop();
  }
});
