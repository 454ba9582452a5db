import dns from "node:dns/promises";
import { isIP, type Socket } from "node:net";
import type { Client, QueryResultRow } from "pg";
import { RotatorError } from "../error.ts";
import type { Account } from "./account.ts";
import type { Lookup, Reach } from "./reach.ts";

/** One logged-in session: its statements, each a constant text and values. */
export interface Session {
  query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

const CONNECT_MS = 10_000;
const STATEMENT_MS = 15_000;
/** A login and its few statements are answered with some kilobytes; whoever sends more means to fill this process's memory. */
const MOST_BYTES = 1024 * 1024;
const COUNTED_EVERY_MS = 20;

/**
 * Logs in, works, and leaves, whatever happens. The name is resolved once, and what it resolved to is connected to.
 * @throws RotatorError with the server's SQLSTATE, never its words
 */
export async function withSession<T>(
  account: Account,
  options: Reach & { signal: AbortSignal },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const pg = await driver();
  const { host, port, user, password, database } = account;
  const address = await resolve(host, options);
  if (!options.mayReach({ host, address, port })) throw new RotatorError("target_refused", "address");
  const client: Client = new pg.Client({
    host: address,
    port,
    user,
    password,
    database,
    ssl: tlsOf(account),
    application_name: "keyfold rotator",
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS + 1_000,
  });
  // A connection that breaks tells whoever waits; with nobody waiting it must not end the process.
  client.on("error", () => {});
  const stop = (): void => void client.end().catch(() => {});
  options.signal.addEventListener("abort", stop, { once: true });
  // The driver takes in whatever comes, however long a message says that it is.
  const counting = setInterval(() => {
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    if (stream.bytesRead > MOST_BYTES) stream.destroy();
  }, COUNTED_EVERY_MS);
  try {
    options.signal.throwIfAborted();
    await client.connect();
    return await work({
      query: async <Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
        (await client.query<Row>(sql, values as unknown[])).rows,
    });
  } catch (error) {
    throw named(error);
  } finally {
    clearInterval(counting);
    options.signal.removeEventListener("abort", stop);
    await client.end().catch(() => {});
  }
}

function tlsOf({ sslmode, host }: Account): false | { rejectUnauthorized: boolean; servername?: string } {
  if (sslmode === "disable") return false;
  return { rejectUnauthorized: sslmode === "verify-full", ...(isIP(host) === 0 ? { servername: host } : {}) };
}

async function resolve(
  host: string,
  { lookup = ofThisMachine, signal }: { lookup?: Lookup; signal: AbortSignal },
): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    signal.throwIfAborted();
    return await lookup(host);
  } catch {
    throw new RotatorError("target_unavailable", "dns");
  }
}

const ofThisMachine: Lookup = async (host) => (await dns.lookup(host)).address;

async function driver(): Promise<typeof import("pg")> {
  try {
    return (await import("pg")).default as unknown as typeof import("pg");
  } catch {
    throw new RotatorError("package_missing", "pg");
  }
}

/** Which of our errors a failure of the driver's or the server's is. */
function named(error: unknown): RotatorError {
  if (error instanceof RotatorError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code))
    return new RotatorError("target_unavailable", code);
  // Class 28: login refused; 42501: no right; 42704: no such role; 3D000: no such database.
  if (code.startsWith("28") || code === "42501") return new RotatorError("target_refused", code);
  if (code === "42704" || code === "3D000") return new RotatorError("target_missing", code);
  // 08: connection; 53: no resources; 57: shutdown, cancelled; 40: lost a race; 55: in use; 58: system.
  if (/^(08|53|57|40|55|58|25006)/.test(code)) return new RotatorError("target_unavailable", code);
  return new RotatorError("target_refused", code);
}
