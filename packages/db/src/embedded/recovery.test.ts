import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clearAbandoned } from "./abandoned.ts";
import { isAlive } from "./is-alive.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./start.ts";

let dataDir: string;
let child: ChildProcess | undefined;
let server: EmbeddedPostgres | undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "keyfold-recovery-"));
});

afterEach(async () => {
  if (child !== undefined) await kill(child);
  child = undefined;
  await server?.stop();
  server = undefined;
  await clearAbandoned(dataDir);
  await rm(dataDir, { recursive: true, force: true });
});

type Started = { pid: number; ownerUrl: string; clusterDir: string };

/** Another process starts the server on our folder; `lines` goes on with what it prints. */
async function startElsewhere(): Promise<Started & { keyfold: ChildProcess; lines: AsyncIterator<string> }> {
  const script = fileURLToPath(new URL("./start.fixture.ts", import.meta.url));
  const keyfold = spawn(process.execPath, [script, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  child = keyfold;
  const lines = createInterface({ input: keyfold.stdout })[Symbol.asyncIterator]();
  const { value } = await lines.next();
  return { ...(JSON.parse(value ?? "") as Started), keyfold, lines };
}

async function kill(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  process.kill("SIGKILL");
  await once(process, "exit");
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test("a start while another process runs the folder is refused, and does not disturb that one", async () => {
  const other = await startElsewhere();
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
    code: "already_running",
    message: expect.stringContaining(`process ${other.keyfold.pid}`),
  });
  expect(await ask(other.ownerUrl, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
});

test("after kill -9 of our process, the server it left behind is stopped and the data is there", async () => {
  const other = await startElsewhere();
  await ask(other.ownerUrl, "CREATE TABLE kept AS SELECT 42 AS n");
  await kill(other.keyfold);
  expect(await isAlive(other.pid)).toBe(true);

  const said: string[] = [];
  server = await startEmbeddedPostgres({ dataDir, log: (sentence) => said.push(sentence) });
  expect(said).toContain(
    `Stopped a PostgreSQL (process ${other.pid}) that an earlier start had left behind.`,
  );
  expect(await isAlive(other.pid)).toBe(false);
  expect(await ask(server.ownerUrl, "SELECT n FROM kept")).toEqual([{ n: 42 }]);
});

test("after kill -9 of our process and of the server, what was committed is recovered", async () => {
  const other = await startElsewhere();
  await ask(other.ownerUrl, "CREATE TABLE kept AS SELECT 42 AS n");
  await kill(other.keyfold);
  process.kill(other.pid, "SIGKILL");

  server = await startEmbeddedPostgres({ dataDir });
  expect(await ask(server.ownerUrl, "SELECT n FROM kept")).toEqual([{ n: 42 }]);
});

test("a process that got the dead server's number is left alone", async () => {
  server = await startEmbeddedPostgres({ dataDir });
  const { clusterDir } = server;
  await server.stop();
  const stranger = spawn("sleep", ["60"], { stdio: "ignore" });
  await once(stranger, "spawn");
  try {
    const pidFile = join(clusterDir, "postmaster.pid");
    await writeFile(pidFile, `${stranger.pid}\n${clusterDir}\n1\n5432\n\n127.0.0.1\n1 1\nready   \n`);
    const owner = await stat(clusterDir);
    await chown(pidFile, owner.uid, owner.gid);
    server = await startEmbeddedPostgres({ dataDir });
    expect(await isAlive(stranger.pid as number)).toBe(true);
  } finally {
    stranger.kill();
  }
});

test("Ctrl-C at the terminal reaches our process and not the server", async () => {
  const other = await startElsewhere();
  process.kill(-(other.keyfold.pid as number), "SIGINT");
  expect(await other.lines.next()).toMatchObject({ value: "interrupted" });
  expect(await ask(other.ownerUrl, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
});

test("the folder of a killed process is cleared with its server, one that is in use stays", async () => {
  const other = await startElsewhere();
  expect(await clearAbandoned(dataDir)).toBe(false);
  await kill(other.keyfold);
  expect(await clearAbandoned(dataDir)).toBe(true);
  expect(await isAlive(other.pid)).toBe(false);
  await expect(stat(dataDir)).rejects.toMatchObject({ code: "ENOENT" });
});
