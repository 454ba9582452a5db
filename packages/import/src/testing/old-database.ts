import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import pg from "pg";

/** A database as an old system left it, on a real PostgreSQL with pgcrypto. */
export interface OldDatabase {
  url: string;
  sql<Row>(text: string, params?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export async function oldDatabase(): Promise<OldDatabase> {
  const database: TestDatabase = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  await client.query("CREATE EXTENSION IF NOT EXISTS pgcrypto");
  return {
    url: database.superuserUrl,
    sql: async <Row>(text: string, params: unknown[] = []) =>
      (await client.query(text, params)).rows as Row[],
    async close() {
      await client.end();
      await database.drop();
    },
  };
}
