import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "./test-database.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

let base: string;
let server: TestServer;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "keyfold-testing-"));
  const folder = join(base, "20260101000000_init");
  await mkdir(folder);
  await writeFile(
    join(folder, "migration.sql"),
    "CREATE TABLE things (n int); GRANT SELECT ON things TO keyfold;",
  );
  server = await startTestServer({ migrationsDir: base });
});

afterAll(async () => {
  await server.stop();
  await rm(base, { recursive: true, force: true });
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

test("each test database is migrated, its owner's, and sees nothing of the others", async () => {
  const [one, two] = await Promise.all([createTestDatabase(server), createTestDatabase(server)]);
  await ask(one.ownerUrl, "INSERT INTO things VALUES (1)");
  expect(await ask(one.url, "SELECT current_user AS who, n FROM things")).toEqual([{ who: "keyfold", n: 1 }]);
  expect(await ask(two.url, "SELECT n FROM things")).toEqual([]);
  await expect(ask(two.url, "INSERT INTO things VALUES (1)")).rejects.toMatchObject({ code: "42501" });
  await Promise.all([one.drop(), two.drop()]);
  await expect(ask(one.url, "SELECT 1")).rejects.toMatchObject({ code: "3D000" });
});

test("a connection that a suite left open is named, and the database is dropped all the same", async () => {
  const database = await createTestDatabase(server, { leaveMs: 100 });
  const leaked = new pg.Client({ connectionString: database.url, application_name: "leaky suite" });
  leaked.on("error", () => {});
  await leaked.connect();
  await expect(database.drop()).rejects.toThrow(
    "1 connections to the test database were left open: keyfold (leaky suite, idle)",
  );
  await expect(ask(database.url, "SELECT 1")).rejects.toMatchObject({ code: "3D000" });
});

test("nobody can connect to the template, so that it can always be cloned", async () => {
  await expect(ask(server.ownerUrl, "SELECT 1")).rejects.toMatchObject({ code: "55000" });
});

test("a stopped server leaves no files and takes no connections", async () => {
  const other = await startTestServer({ migrationsDir: base });
  await other.stop();
  await expect(stat(other.dataDir)).rejects.toMatchObject({ code: "ENOENT" });
  await expect(ask(other.superuserUrl, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
});
