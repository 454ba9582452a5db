import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./start.ts";

let dataDir: string;
let server: EmbeddedPostgres | undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "keyfold-start-"));
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(dataDir, { recursive: true, force: true });
});

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test("a stopped server keeps its data, and what was committed is durable", async () => {
  server = await startEmbeddedPostgres({ dataDir });
  await ask(server.ownerUrl, "CREATE TABLE kept AS SELECT 42 AS n");
  await server.stop();
  server = await startEmbeddedPostgres({ dataDir });
  expect(await ask(server.ownerUrl, "SELECT n FROM kept")).toEqual([{ n: 42 }]);
  const settings = await ask(
    server.appUrl,
    `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
            current_setting('data_checksums') AS checksums, current_setting('listen_addresses') AS addresses,
            current_setting('server_encoding') AS encoding`,
  );
  expect(settings).toEqual([
    { fsync: "on", commit: "on", checksums: "on", addresses: "127.0.0.1", encoding: "UTF8" },
  ]);
});

test("a second start on the same folder is refused, naming the process", async () => {
  server = await startEmbeddedPostgres({ dataDir });
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
    name: "EmbeddedPostgresError",
    code: "already_running",
    message: expect.stringContaining(`process ${process.pid}, its database on port ${server.port}`),
  });
});

test("the passwords are in a file that only its owner reads, and none gets in without", async () => {
  server = await startEmbeddedPostgres({ dataDir });
  expect((await stat(join(dataDir, "credentials.json"))).mode & 0o777).toBe(0o600);
  const wrong = new URL(server.superuserUrl);
  wrong.password = "not_the_password";
  await expect(ask(wrong.href, "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
  const none = new URL(server.superuserUrl);
  none.password = "";
  await expect(ask(none.href, "SELECT 1")).rejects.toThrow(/password/);
});

test("the application's role owns nothing and bypasses nothing", async () => {
  server = await startEmbeddedPostgres({ dataDir });
  const roles = await ask(
    server.appUrl,
    `SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles
     WHERE rolname LIKE 'keyfold%' ORDER BY 1`,
  );
  expect(roles).toEqual([
    { rolname: "keyfold", rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false },
    {
      rolname: "keyfold_owner",
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: true,
      rolcreatedb: true,
    },
  ]);
  await expect(ask(server.appUrl, "CREATE TABLE nope (n int)")).rejects.toMatchObject({ code: "42501" });
});

test("a port that another program has is said", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  try {
    const { port } = other.address() as { port: number };
    await expect(startEmbeddedPostgres({ dataDir, port })).rejects.toMatchObject({
      code: "start_failed",
      message: expect.stringContaining(`port ${port} is taken`),
    });
  } finally {
    other.close();
  }
});

test("a cluster without its passwords is not started over, and not thrown away", async () => {
  server = await startEmbeddedPostgres({ dataDir });
  await server.stop();
  await rm(join(dataDir, "credentials.json"));
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({ code: "credentials_missing" });
});

test("an initdb that was interrupted is made again", async () => {
  await mkdir(join(dataDir, "cluster.partial", "base"), { recursive: true });
  server = await startEmbeddedPostgres({ dataDir });
  expect(await ask(server.appUrl, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
});
