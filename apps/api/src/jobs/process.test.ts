import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@keyfold/db";
import { freePort } from "@keyfold/db/testing";
import { type House, openHouse } from "@keyfold/secrets/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Start, startProgram } from "../testing/child.ts";

let house: House;
let folder: string;
const rootKey = randomBytes(32).toString("base64");
const starts: Start[] = [];

beforeAll(async () => {
  const { localRootKey } = await import("@keyfold/envelope");
  house = await openHouse({ provider: localRootKey(Buffer.from(rootKey, "base64")) });
  folder = await mkdtemp(join(tmpdir(), "keyfold-jobs-"));
});
afterAll(async () => {
  for (const { process, ended } of starts) {
    if (process.exitCode === null && process.signalCode === null) process.kill("SIGKILL");
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
  await house.close();
});

async function serve(settings: Record<string, string> = {}): Promise<{ one: Start; port: string }> {
  const port = await freePort();
  const one = startProgram(folder, {
    DATABASE_URL: house.database.url,
    KEYFOLD_ROOT_KEY: rootKey,
    KEYFOLD_PORT: port,
    ...settings,
  });
  starts.push(one);
  await one.ready();
  return { one, port };
}

async function jobsAt(port: string): Promise<{ name: string; finished_at: string | null }[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
  return ((await answer.json()) as { jobs: { name: string; finished_at: string | null }[] }).jobs;
}

/** Sets the queue's clock this far ahead of the true time, as `house.moveClock` does with everything else's. */
const moveQueueClock = (by: string) =>
  house.sql(`CREATE OR REPLACE FUNCTION keyfold_jobs.job_now() RETURNS timestamptz
    LANGUAGE sql STABLE AS $$ SELECT now() + interval '${by}' $$`);

/** What the killed process was at stands in the queue as active. */
const activeJobs = () => house.sql("SELECT 1 FROM keyfold_jobs.job WHERE state = 'active'");

test("a process with KEYFOLD_JOBS=off says that it runs none; one without runs them, after a kill another does, and SIGTERM ends it cleanly", async () => {
  const off = await serve({ KEYFOLD_JOBS: "off" });
  expect((await jobsAt(off.port)).every(({ finished_at }) => finished_at === null)).toBe(true);

  // Jobs begin by noting that they do: while nobody can write there, none comes to its end.
  const admin = connect({ url: house.database.superuserUrl, poolSize: 1 });
  const holder = await admin.pool.connect();
  await holder.query("BEGIN; LOCK TABLE control_plane.job_runs IN EXCLUSIVE MODE");
  const first = await serve();
  await vi.waitFor(async () => expect(await activeJobs()).not.toEqual([]), {
    timeout: 60_000,
    interval: 100,
  });
  first.one.process.kill("SIGKILL");
  await first.one.ended;
  holder.release(true);
  await admin.close();
  expect(await activeJobs()).not.toEqual([]);
  expect((await jobsAt(off.port)).every(({ finished_at }) => finished_at === null)).toBe(true);

  await moveQueueClock("1 minute"); // no sign of life for so long
  const second = await serve();
  await moveQueueClock("10 minutes"); // what failed is tried again
  await vi.waitFor(
    async () =>
      expect((await jobsAt(off.port)).filter(({ finished_at }) => finished_at === null)).toEqual([]),
    { timeout: 200_000, interval: 250 },
  );
  second.one.process.kill("SIGTERM");
  expect(await second.one.ended).toBe(0);
  off.one.process.kill("SIGTERM");
  expect(await off.one.ended).toBe(0);
  expect(off.one.output()).toContain(
    "this process runs no background jobs and sends no webhooks: another one must",
  );
}, 240_000);
