import pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import type { BackupHeader, TableSource } from "./frames.ts";
import { writeFrames } from "./frames.ts";
import { RecoveryError } from "./recovery-error.ts";
import { writeSealed } from "./sealed-file.ts";

/**
 * What a backup leaves out: sessions, sign-ins and mail under way (whoever restores signs in again), answers kept for repeated calls, what reports and
 * runs now, and restores themselves.
 */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "sessions",
  "person_challenges",
  "sign_in_failures",
  "mails",
  "idempotency_keys",
  "processes",
  "job_runs",
  "restores",
]);

export interface DumpOptions {
  /** The owner's connection string, direct. */
  ownerUrl: string;
  path: string;
  recipients: readonly string[];
  header: Omit<BackupHeader, "madeAt" | "migrations" | "checkpoint">;
}

export interface Dumped {
  madeAt: string;
  bytes: number;
  rows: number;
  tables: number;
}

/**
 * Backs up the whole schema, as it was at one moment, with what opens its keys, into one sealed file. Works beside a
 * server that runs. Memory does not grow with the database.
 * @throws RecoveryError
 */
export async function dump(options: DumpOptions): Promise<Dumped> {
  const client = new pg.Client({
    connectionString: options.ownerUrl,
    application_name: "keyfold backup",
    statement_timeout: 0,
  });
  // Nobody waits for a connection that dies between two statements; the next one fails.
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const migrations = await client.query<{ name: string }>(
      `SELECT migration_name AS name FROM public._prisma_migrations
        WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name`,
    );
    await client.query("SET LOCAL ROLE keyfold_backup");
    await client.query(
      "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'iso_8601'; SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 3; SET LOCAL client_encoding = 'UTF8'",
    );
    const tables = await tablesToDump(client);
    const { rows: moment } = await client.query<{ at: Date; checkpoint: string | null }>(
      `SELECT now() AS at, (SELECT c.note FROM control_plane.checkpoints c ORDER BY c.log DESC, c.number DESC LIMIT 1) AS checkpoint`,
    );
    const { at, checkpoint } = moment[0]!;
    const header: BackupHeader = {
      ...options.header,
      madeAt: at.toISOString(),
      migrations: migrations.rows.map(({ name }) => name),
      checkpoint,
    };
    const counted = { rows: 0 };
    const bytes = await writeSealed(
      options.path,
      options.recipients,
      writeFrames(header, sources(client, tables, counted)),
    );
    await client.query("COMMIT");
    return { madeAt: header.madeAt, bytes, rows: counted.rows, tables: tables.length };
  } finally {
    await client.end();
  }
}

interface DumpedTable {
  name: string;
  columns: string[];
}

async function tablesToDump(client: pg.Client): Promise<DumpedTable[]> {
  const { rows } = await client.query<DumpedTable & { covered: boolean }>(
    `SELECT c.relname AS name,
            EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'backup' AND p.polcmd = 'r'
              AND pg_get_expr(p.polqual, p.polrelid) = 'true') AS covered,
            (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
       FROM pg_class c WHERE c.relnamespace = 'control_plane'::regnamespace AND c.relkind = 'r' ORDER BY c.relname`,
  );
  const wanted = rows.filter(({ name }) => !LEFT_OUT.has(name));
  const uncovered = wanted.filter(({ covered }) => !covered).map(({ name }) => name);
  // Row-level security would show them empty, and the backup would lack them without a word.
  if (uncovered.length > 0)
    throw new RecoveryError(
      "refused",
      `Tables that no backup would see: ${uncovered.join(", ")}. Run Keyfold's migrations (start the server once, or the db command), and back up again.`,
    );
  return wanted.map(({ name, columns }) => ({ name, columns }));
}

async function* sources(
  client: pg.Client,
  tables: readonly DumpedTable[],
  counted: { rows: number },
): AsyncGenerator<TableSource> {
  for (const { name, columns } of tables) {
    const list = columns.map((column) => pg.escapeIdentifier(column)).join(", ");
    const stream = client.query(
      copyTo(`COPY (SELECT ${list} FROM control_plane.${pg.escapeIdentifier(name)}) TO STDOUT`),
    );
    yield { name, columns, rows: stream };
    counted.rows += stream.rowCount;
  }
}
