import { randomBytes } from "node:crypto";
import { type Connections, connect } from "@keyfold/db";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import { localRootKey, type RootKeyProvider } from "@keyfold/envelope";
import pg from "pg";
import { requestInfo } from "../router/context.ts";
import { t } from "../router/procedures.ts";
import { createKeyfoldServer, type KeyfoldServer, type KeyfoldServerOptions } from "../server.ts";
import { FakeIssuer } from "./issuer.ts";
import { FakeTransport } from "./transport.ts";
import { verifyChains } from "./verify.ts";

/** A whole Keyfold over a database of the suite's own: how integration tests, in this package and others, get one. */
export interface House {
  server: KeyfoldServer;
  db: Connections;
  database: TestDatabase;
  provider: RootKeyProvider;
  operatorToken: string;
  /** Where its webhooks go, unless it was opened with another transport. */
  transport: FakeTransport;
  /** Whose tokens it exchanges, unless it was opened with others. */
  issuer: FakeIssuer;
  /** What the server logged, as it would have been written. */
  logged: string[];
  /** A caller of the router with this token. */
  as(token: string | null): Caller;
  /** A tenant and a token that may do everything in it. */
  tenant(slug: string): Promise<{ id: string; slug: string; token: string; caller: Caller }>;
  /** SQL as the superuser, whom no policy binds. */
  sql<Row = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<Row[]>;
  /** SQL of someone who owns the database: no policy, no trigger and no foreign key binds it. */
  tamper<Row = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<Row[]>;
  /** Sets the database's clock this far ahead of the true time (an interval such as "25 hours"; "0" sets it right). */
  moveClock(by: string): Promise<void>;
  /**
   * Holds a chain's lock while `start` begins calls, waits until as many of them wait for it, runs `sql` under the lock,
   * commits, and answers what `start` gave.
   */
  whileChainIsHeld<T>(chain: string, start: () => T, waiting: number, sql: string): Promise<T>;
  /**
   * Holds a chain's lock while the calls line up for it (or for a row of one before them), each once the one before it
   * waits, then lets go: so they end in this order, and each has read what it can before the one before it was done.
   */
  inLine<T>(chain: string, calls: readonly (() => Promise<T>)[]): Promise<T[]>;
  /** Verifies all audit chains; answers how many events each holds. */
  verify(): Promise<Map<string, number>>;
  /** Another server process over the same database. */
  another(options?: Partial<KeyfoldServerOptions>): Promise<KeyfoldServer>;
  close(): Promise<void>;
}

const factory = (router: KeyfoldServer["router"]) => t.createCallerFactory(router);

/** The router, called in process. */
export type Caller = ReturnType<ReturnType<typeof factory>>;

export function callerOf(server: KeyfoldServer, token: string | null): Caller {
  return factory(server.router)({ keyfold: requestInfo({ token, userAgent: "test" }) });
}

export async function openHouse(options: Partial<KeyfoldServerOptions> = {}): Promise<House> {
  const database = await createTestDatabase();
  const db = connect({ url: database.url, poolSize: 8 });
  const provider = localRootKey(randomBytes(32));
  const logged: string[] = [];
  const write = (facts: Record<string, unknown>, message: string) =>
    void logged.push(JSON.stringify({ ...facts, message }));
  const transport = new FakeTransport();
  const issuer = new FakeIssuer();
  const build = (more: Partial<KeyfoldServerOptions> = {}) =>
    createKeyfoldServer({
      db,
      provider,
      mayCreate: true,
      process: false, // a suite's many servers are no fleet; what is about the fleet says so
      // Written when a test says so.
      consumers: { everyMs: null },
      refusals: { everyMs: null },
      webhooks: transport,
      passwordCost: { memory: 1024, passes: 1 }, // what a guess costs is no matter here
      issuers: issuer,
      linkOrigin: "https://links.example.com",
      log: { warn: write, error: write },
      waits: { purgeSeconds: 0 },
      ...options,
      ...more,
    });
  const server = await build();
  const superuser = new pg.Pool({
    connectionString: database.superuserUrl,
    max: 4,
    application_name: "superuser",
  });
  const sql = async <Row>(text: string, params: unknown[] = []): Promise<Row[]> =>
    (await superuser.query(text, params)).rows as Row[];
  const lineUp = (count: number) =>
    waitUntil(async () => {
      const rows = await sql(
        `SELECT DISTINCT l.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = $1`,
        [database.name],
      );
      return rows.length >= count;
    });
  const hold = async <T>(chain: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await superuser.connect();
    try {
      await client.query("BEGIN");
      await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 7))", [chain]);
      const result = await work(client);
      await client.query("COMMIT");
      return result;
    } finally {
      client.release(true);
    }
  };
  const operatorToken = await server.createOperatorToken("test operator");
  return {
    server,
    db,
    database,
    provider,
    operatorToken,
    transport,
    issuer,
    logged,
    as: (token) => callerOf(server, token),
    async tenant(slug) {
      const operator = callerOf(server, operatorToken);
      const { id } = await operator.tenants.create({ slug });
      const { token } = await operator.tokens.create({ tenant: slug, name: "first", preset: "admin" });
      return { id, slug, token: token!, caller: callerOf(server, token!) };
    },
    sql,
    async tamper<Row>(text: string, params: unknown[] = []): Promise<Row[]> {
      const client = await superuser.connect();
      try {
        await client.query("SET session_replication_role = replica");
        return (await client.query(text, params)).rows as Row[];
      } finally {
        await client.query("SET session_replication_role = DEFAULT");
        client.release();
      }
    },
    async moveClock(by) {
      await sql(`CREATE OR REPLACE FUNCTION control_plane.clock() RETURNS timestamptz
        LANGUAGE sql VOLATILE PARALLEL SAFE SET search_path = ''
        RETURN date_trunc('milliseconds', clock_timestamp()) + interval ${pg.escapeLiteral(by)}`);
    },
    whileChainIsHeld: (chain, start, waiting, text) =>
      hold(chain, async (client) => {
        const started = [start()] as const;
        await lineUp(waiting);
        await client.query(text);
        // Not the promise itself: that would be waited for, and the lock with it.
        return started;
      }).then(([started]) => started),
    inLine: <T>(chain: string, calls: readonly (() => Promise<T>)[]) =>
      hold(chain, async () => {
        const started: Promise<T>[] = [];
        for (const call of calls) {
          started.push(call());
          await lineUp(started.length);
        }
        return started;
      }).then((started) => Promise.all(started) as Promise<T[]>),
    verify: () => verifyChains({ query: superuser.query.bind(superuser) as pg.Client["query"] }),
    another: build,
    async close() {
      await superuser.end();
      await db.close();
      await database.drop();
    },
  };
}

/** Asks again and again; the test's own time-out is what ends it. */
async function waitUntil(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setImmediate(resolve));
}
