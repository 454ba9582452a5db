import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type House, openHouse } from "@keyfold/secrets/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { freePort, type Start, startProgram } from "../testing/child.ts";

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

test("a process with KEYFOLD_JOBS=off says that it runs none; one without runs them, after a kill another does, and SIGTERM ends it cleanly", async () => {
  const off = await serve({ KEYFOLD_JOBS: "off" });
  expect((await jobsAt(off.port)).every(({ finished_at }) => finished_at === null)).toBe(true);

  const first = await serve();
  first.one.process.kill("SIGKILL");
  await first.one.ended;

  const second = await serve();
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
