import { chmod, mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startEmbeddedPostgres } from "./start.ts";

const isRoot = process.getuid?.() === 0;
let base: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "keyfold-location-"));
  await chmod(base, 0o755);
});

afterEach(() => rm(base, { recursive: true, force: true }));

test("in a folder that only we may enter, the data is where the server's user can reach it, and is found again", async () => {
  const closed = join(base, "closed");
  await mkdir(closed, { mode: 0o700 });
  const options = { dataDir: join(closed, "data"), runtimeDir: join(base, "open") };
  const said: string[] = [];
  const first = await startEmbeddedPostgres({ ...options, log: (sentence) => said.push(sentence) });
  await ask(first.ownerUrl, "CREATE TABLE kept AS SELECT 42 AS n");
  await first.stop();
  // Root runs the server as another user, who cannot enter; anyone else runs it as themselves.
  if (isRoot) {
    expect(first.clusterDir.startsWith(options.runtimeDir)).toBe(true);
    expect((await stat(first.clusterDir)).uid).not.toBe(0);
    const record = JSON.parse(await readFile(join(options.dataDir, "location.json"), "utf8"));
    expect(said.join()).toContain(`The database lives in ${record.homeDir}`);
  } else {
    expect(first.clusterDir).toBe(join(options.dataDir, "cluster"));
  }

  // Found by the record, even when the next start is told another place.
  const second = await startEmbeddedPostgres({ ...options, runtimeDir: join(base, "elsewhere") });
  try {
    expect(second.clusterDir).toBe(first.clusterDir);
    expect(await ask(second.ownerUrl, "SELECT n FROM kept")).toEqual([{ n: 42 }]);
  } finally {
    await second.stop();
  }
});

test("a data folder that cannot be made is said", async () => {
  const dataDir = join("/dev/null", "data");
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({ code: "folder_unusable" });
});

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
