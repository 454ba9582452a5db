import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "./client.ts";
import { createTestDatabase, type TestDatabase } from "./testing/index.ts";

let database: TestDatabase;
let watching: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  watching = new pg.Client({ connectionString: database.superuserUrl });
  await watching.connect();
});
afterAll(async () => {
  await watching.end();
  await database.drop();
});

test("once connections are closed the server lists none of them any more", async () => {
  for (let round = 0; round < 10; round++) {
    const db = connect({ url: database.url, poolSize: 4 });
    await Promise.all([1, 2, 3, 4].map(() => db.pool.query("SELECT pg_sleep(0.01)")));
    await db.close();
    const { rows } = await watching.query(
      "SELECT usename FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL",
    );
    expect(rows).toEqual([]);
  }
});

test("a pool that was never used ends at once, and one whose connection was lost ends as well", async () => {
  await connect({ url: database.url }).close();
  const db = connect({ url: database.url, poolSize: 2 });
  await db.pool.query("SELECT 1");
  await watching.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
  );
  await db.close();
});
