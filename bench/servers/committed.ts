// The least that an audit which is durable before the answer can cost: the bare route, each of whose answers waits until a
// row is committed with fsync that those who came meanwhile share. No authentication, no rights, nothing opened, no hash, no chain.
import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "@keyfold/db";
import { Hono } from "hono";
import pg from "pg";
import { serveAsChild } from "./serve.ts";

const { reveal } = JSON.parse(process.argv[2]!) as { reveal: object };
const postgres = await startEmbeddedPostgres({ dataDir: await mkdtemp(join(tmpdir(), "keyfold-bench-")) });
const client = new pg.Client({ connectionString: postgres.superuserUrl });
await client.connect();
await client.query(
  "CREATE TABLE batches (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, events bytea NOT NULL)",
);

/** As long as an event. */
const event = Buffer.from(randomBytes(220).toString("hex"));
let waiting: (() => void)[] = [];
let running = false;

/** One statement at a time, as a chain has it. */
async function commit(): Promise<void> {
  const batch = waiting;
  if (running || batch.length === 0) return;
  running = true;
  waiting = [];
  const values = [Buffer.concat(batch.map(() => event))];
  await client.query({ name: "append", text: "INSERT INTO batches (events) VALUES ($1)", values });
  running = false;
  void commit();
  for (const told of batch) told();
}

const app = new Hono();
app.get("/api/secrets/:id", async (c) => {
  await new Promise<void>((told) => {
    // Those of one turn share a batch.
    if (waiting.push(told) === 1) setImmediate(commit);
  });
  return c.json(reveal);
});
serveAsChild(app, async () => {
  await client.end();
  await postgres.stop();
});
