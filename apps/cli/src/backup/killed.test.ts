import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openHost } from "@keyfold/api/host";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import { localRootKey } from "@keyfold/envelope";
import { callerOf, type House, openHouse } from "@keyfold/secrets/testing";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";

/* kill -9 in the middle of a restore, at random moments: KEYFOLD_KILL_ROUNDS says how often. */

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const ROUNDS = Number(process.env.KEYFOLD_KILL_ROUNDS ?? 3);
const key = randomBytes(32);
let folder: string;
let house: House;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-killed-"));
  house = await openHouse({ provider: localRootKey(Buffer.from(key)) });
});
afterEach(async () => {
  await house.close();
  await rm(folder, { recursive: true, force: true });
});

const envOf = (database: Pick<TestDatabase, "url" | "ownerUrl">) => ({
  DATABASE_URL: database.url,
  KEYFOLD_MIGRATION_URL: database.ownerUrl,
  KEYFOLD_ROOT_KEY: key.toString("base64"),
});
const RESTORE = ["backup", "restore", "all.backup", "--identity", "identity.txt"];

/** Restores in a process of its own. @param killAfterMs null: not killed @returns how long it ran, and its exit code */
async function restore(env: Record<string, string>, killAfterMs: number | null) {
  const started = performance.now();
  const child = spawn(process.execPath, [MAIN, ...RESTORE], {
    cwd: folder,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
    stdio: "ignore",
  });
  const timer = killAfterMs === null ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  const [code] = (await once(child, "exit")) as [number | null];
  clearTimeout(timer);
  return { ms: performance.now() - started, code };
}

/** What is in the database, once the killed process's connections have left it. */
async function stateOf(database: TestDatabase): Promise<{ deployments: number; open: number }> {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  try {
    for (;;) {
      const { rows } = await client.query(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL",
      );
      if (rows[0].n === 0) break;
      await delay(10);
    }
    const { rows } = await client.query(
      `SELECT (SELECT count(*)::int FROM control_plane.deployments) AS deployments,
              (SELECT count(*)::int FROM control_plane.restores WHERE finished_at IS NULL) AS open`,
    );
    return rows[0];
  } finally {
    await client.end();
  }
}

test(
  "kill -9 in the middle of a restore leaves an empty database or one that does not serve, and a second run finishes",
  async () => {
    const values = new Map<string, { token: string; id: string; value: string }>();
    for (let t = 0; t < 30; t++) {
      const { token, caller } = await house.tenant(`tenant-${t}`);
      const value = `not a real value ${t}`;
      values.set(`tenant-${t}`, { token, id: (await caller.secrets.create({ name: "K", value })).id, value });
    }
    const made = await commandLine(["keys", "recovery-identity", "--file", "identity.txt"], { cwd: folder });
    const backup = ["backup", "make", "--out", "all.backup", "--to", made.out.trim()];
    expect(await commandLine(backup, { cwd: folder, env: envOf(house.database) })).toMatchObject({ exit: 0 });

    let whole: number | null = null;
    for (let round = 0; round <= ROUNDS; round++) {
      const database = await createTestDatabase();
      try {
        const first = await restore(envOf(database), whole === null ? null : Math.random() * whole);
        whole ??= first.ms;
        if (first.code !== 0) {
          const { deployments, open } = await stateOf(database);
          const restored = deployments === 1 && open === 0; // killed after its last commit, before its exit
          if (!restored) {
            expect([deployments, open], "all or nothing, and not ready").toEqual(
              deployments === 0 ? [0, 0] : [1, 1],
            );
            if (deployments === 1)
              await expect(openHost(envOf(database), folder)).rejects.toMatchObject({ problem: "restoring" });
            expect((await restore(envOf(database), null)).code).toBe(0);
          }
        }
        const host = await openHost(envOf(database), folder);
        try {
          for (const { token, id, value } of values.values())
            expect((await callerOf(host.keyfold, token).secrets.reveal({ id })).value).toBe(value);
        } finally {
          await host.close();
        }
      } finally {
        await database.drop();
      }
    }
  },
  // Three times what a machine took that had seven times as much to do as it could.
  120_000 + ROUNDS * 60_000,
);
