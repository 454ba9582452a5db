import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { endingOf } from "./end-pool.ts";
import { PrismaClient } from "./generated/client.ts";

export interface DatabaseOptions {
  /** Connection string of the application's login role. */
  url: string;
  /** The same without a pooler between, where one stands in `url`. */
  directUrl?: string;
  /**
   * Whether a pooler in transaction mode stands in `url` (PgBouncer). Statements are not kept on connections then, which are
   * everybody's, and time-outs are the role's own on the server: a pooler refuses to be told of them.
   */
  pooler?: boolean;
  /** Most connections this process opens. */
  poolSize?: number;
  /** How long a call may wait for a free connection, in milliseconds. */
  connectTimeoutMs?: number;
  /** How long one statement may run, in milliseconds; the server ends it. */
  statementTimeoutMs?: number;
  /** A pool's idle connection can die (a restart, a network); told here, since nobody waits for it. */
  onIdleError?: (error: Error) => void;
}

export interface Connections {
  readonly pool: pg.Pool;
  readonly prisma: PrismaClient;
  /**
   * Runs `work` on a connection of its own, direct and without a time-out, which ends with it: for what holds settings of
   * a session or takes longer than a call may.
   */
  direct<T>(work: (client: pg.Client) => Promise<T>): Promise<T>;
  /** Resolves when the server has let go of the connections, where the pool is its own. */
  close(): Promise<void>;
}

/** Pools whose connections are a pooler's, and so somebody else's by the next transaction. */
export const behindPoolers = new WeakSet<pg.Pool>();

/**
 * Opens one pool and a Prisma client on the same pool, so that hot reads (plain pg) and everything else
 * (Prisma) share the connections. Connects lazily: a database that is down is found by the first query.
 */
export function connect(options: DatabaseOptions): Connections {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    ...(options.pooler
      ? {}
      : {
          statement_timeout: options.statementTimeoutMs ?? 10_000,
          idle_in_transaction_session_timeout: 30_000,
        }),
    // One second past the server's own time-out: the last resort for a server that does not answer at all.
    query_timeout: (options.statementTimeoutMs ?? 10_000) + 1_000,
    application_name: "keyfold",
    keepAlive: true,
  });
  if (options.pooler) behindPoolers.add(pool);
  pool.on("error", (error) => options.onIdleError?.(error));
  return over(pool, {
    direct: { connectionString: options.directUrl ?? options.url },
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    end: endingOf(pool),
  });
}

/**
 * Uses a pool that the host has already, with a Prisma client of Keyfold's own schema on it; the host's Prisma may stand on the
 * same pool. Whoever made the pool ends it. Its role is checked like any other at the start, and its `statement_timeout`
 * is what bounds a query here.
 * @param options.directUrl where a pooler stands between: the same database without it, for listening and long work
 */
export function connectOver(
  pool: pg.Pool,
  options: { directUrl?: string; pooler?: boolean } = {},
): Connections {
  if (options.pooler) behindPoolers.add(pool);
  return over(pool, {
    direct: options.directUrl === undefined ? addressOf(pool) : { connectionString: options.directUrl },
    connectTimeoutMs: 5_000,
    end: async () => {},
  });
}

/** Where a pool connects to, without its own limits: a direct connection has no time-out. */
function addressOf({ options }: pg.Pool): pg.ClientConfig {
  const {
    statement_timeout: _,
    query_timeout: __,
    idle_in_transaction_session_timeout: ___,
    ...address
  } = options;
  return address;
}

function over(
  pool: pg.Pool,
  how: { direct: pg.ClientConfig; connectTimeoutMs: number; end(): Promise<void> },
): Connections {
  // The pool listens to a connection while it rests, and whoever has it while it works; in between, and once the pool has
  // thrown it away, nobody does: and what a connection says then, unheard, would end the process.
  pool.on("connect", (client) => void client.on("error", () => {}));
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, { disposeExternalPool: false }),
    errorFormat: "minimal",
  });
  return {
    pool,
    prisma,
    async direct(work) {
      const client = new pg.Client({
        ...how.direct,
        application_name: "keyfold maintenance",
        connectionTimeoutMillis: how.connectTimeoutMs,
        keepAlive: true,
      });
      // What is lost while nobody waits for an answer is found by the next question.
      client.on("error", () => {});
      await client.connect();
      try {
        return await work(client);
      } finally {
        await client.end().catch(() => {});
      }
    },
    async close() {
      await prisma.$disconnect();
      await how.end();
    },
  };
}
