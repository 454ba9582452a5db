import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { closeDatabase } from "../embedded/roles.ts";
import type { TestServerAddress } from "./test-server.ts";

/** A database of a suite's own. */
export type TestDatabase = {
  name: string;
  /** For the application's role: not the owner, bound by row-level security. */
  url: string;
  /** For the role that owns the tables. */
  ownerUrl: string;
  /** For arranging what no role of ours may do. */
  superuserUrl: string;
  /**
   * Drops it. Whoever is still connected is thrown out.
   *
   * @throws Error naming the connections that the suite left open
   */
  drop(): Promise<void>;
};

/** How long a connection that was just closed may take to leave the server's list where a machine has much to do, in milliseconds. */
const LEAVE_MS = 30_000;

/**
 * Clones the migrated template into a fresh database. Without an argument it takes the server that the global
 * set-up started (`globalSetup: ["@keyfold/db/testing/global-setup"]`).
 * @param options.leaveMs how long its drop waits for connections that are just leaving, in milliseconds
 */
export async function createTestDatabase(
  server?: TestServerAddress,
  options: { leaveMs?: number } = {},
): Promise<TestDatabase> {
  const address = server ?? (await providedServer());
  const name = `test_${randomBytes(8).toString("hex")}`;
  await asSuperuser(address, async (client) => {
    // Copied as files: half the work of PostgreSQL's default, which writes each page to the log, too.
    await client.query(
      `CREATE DATABASE ${name} TEMPLATE ${address.template} OWNER ${ownerOf(address)} STRATEGY file_copy`,
    );
    await closeDatabase(client, name);
  });
  return {
    name,
    url: onDatabase(address.appUrl, name),
    ownerUrl: onDatabase(address.ownerUrl, name),
    superuserUrl: onDatabase(address.superuserUrl, name),
    drop: () => drop(address, name, options.leaveMs ?? LEAVE_MS),
  };
}

async function drop(address: TestServerAddress, name: string, leaveMs: number): Promise<void> {
  await asSuperuser(address, async (client) => {
    const deadline = performance.now() + leaveMs;
    let open = await connections(client, name);
    while (open.length > 0 && performance.now() < deadline) {
      await delay(20);
      open = await connections(client, name);
    }
    await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
    if (open.length === 0) return;
    throw new Error(`${open.length} connections to the test database were left open: ${open.join("; ")}`);
  });
}

async function connections(client: pg.Client, name: string): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT usename || ' (' || coalesce(nullif(application_name, ''), 'unnamed') || ', ' || state || ')' AS who
     FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`,
    [name],
  );
  return rows.map((row) => row.who);
}

async function providedServer(): Promise<TestServerAddress> {
  const { inject } = await import("vitest");
  const provided = inject("keyfoldTestServer") as TestServerAddress | undefined;
  if (provided !== undefined) return provided;
  throw new Error(
    'There is no test server: put globalSetup: ["@keyfold/db/testing/global-setup"] into vitest.config.ts.',
  );
}

async function asSuperuser(
  address: TestServerAddress,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ connectionString: address.superuserUrl });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

const ownerOf = (address: TestServerAddress) => pg.escapeIdentifier(new URL(address.ownerUrl).username);

function onDatabase(url: string, name: string): string {
  const moved = new URL(url);
  moved.pathname = `/${name}`;
  return moved.href;
}
