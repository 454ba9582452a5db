import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { damaged, readFrames, type Table } from "./frames.ts";
import { RecoveryError } from "./recovery-error.ts";
import { readSealed } from "./sealed-file.ts";
import type { BackupSummary } from "./verify-backup.ts";

const LOCK = 72707371;

export interface LoadOptions {
  /** The owner's connection string, direct. */
  ownerUrl: string;
  path: string;
  identityFile: string;
  /** What the first reading of the file found. */
  summary: BackupSummary;
}

/** What stands in a database already. */
export type Found = "empty" | "this backup, not finished" | "a deployment";

/**
 * What is in the database that something is to be restored into; null where it has no schema yet.
 * @throws RecoveryError `refused` where somebody else is connected: a server may run
 */
export async function lookAt(ownerUrl: string, backup: string): Promise<Found> {
  return connected(ownerUrl, async (client) => {
    await refuseOthers(client);
    const { rows } = await client.query<{ there: boolean }>(
      "SELECT to_regclass('control_plane.restores') IS NOT NULL AND to_regrole('keyfold_backup') IS NOT NULL AS there",
    );
    if (rows[0]?.there !== true) {
      const older = await client.query(
        "SELECT to_regclass('control_plane.deployments') IS NOT NULL AS there",
      );
      return older.rows[0].there === true ? "a deployment" : "empty";
    }
    return found(client, backup);
  });
}

/**
 * Puts a backup's rows into a database that holds none, in one transaction: all of them, or none.
 * @throws RecoveryError
 */
export async function load(options: LoadOptions): Promise<void> {
  const { header, tables } = options.summary;
  await connected(options.ownerUrl, async (client) => {
    await refuseOthers(client);
    const { rows } = await client.query<{ got: boolean }>("SELECT pg_try_advisory_lock($1) AS got", [LOCK]);
    if (rows[0]?.got !== true)
      throw new RecoveryError("refused", "Another restore is at work on this database. Wait for it.");
    await client.query("BEGIN");
    if ((await found(client, header.id)) !== "empty")
      throw new RecoveryError("refused", "This database is not empty. Restore into a fresh one.");
    await sameMigrations(client, header.migrations);
    const order = await tablesHere(client);
    const unknown = tables.filter(({ name }) => !order.includes(name));
    if (unknown.length > 0) throw damaged(`it has a table that is not known here (${unknown[0]!.name})`);
    for (const name of order) await client.query(`ALTER TABLE ${full(name)} NO FORCE ROW LEVEL SECURITY`);
    const triggers = await ordinaryTriggers(client);
    for (const { table, name } of triggers)
      await client.query(`ALTER TABLE ${full(table)} DISABLE TRIGGER ${pg.escapeIdentifier(name)}`);
    // Children stand before parents in the file: foreign keys are put back, and so checked, once everything is there.
    const keys = await dropForeignKeys(client);
    const given = tables.values();
    let table: Table | null = null;
    let rowsOf: AsyncGenerator<Buffer> | null = null;
    const parts = readFrames(readSealed(options.path, options.identityFile));
    for await (const part of parts) {
      if (part.kind === "header" && part.header.id !== header.id) throw changed();
      if (part.kind !== "table") continue;
      table = part.table;
      const expected = given.next().value;
      if (expected?.name !== table.name) throw changed();
      let end: { rows: number; sha256: string } | null = null;
      rowsOf = (async function* () {
        for (;;) {
          const { value } = await parts.next();
          if (value?.kind === "rows") yield value.bytes;
          else if (value?.kind === "tableEnd") {
            end = value.end;
            return;
          } else throw changed();
        }
      })();
      const columns = table.columns.map((column) => pg.escapeIdentifier(column)).join(", ");
      const copy = client.query(copyFrom(`COPY ${full(table.name)} (${columns}) FROM STDIN`));
      const { name } = table;
      await pipeline(rowsOf, copy).catch((error: unknown) => {
        throw (error as { code?: unknown }).code === CHECK_VIOLATION
          ? damaged(`what stands in ${name} does not fit together`)
          : error;
      });
      if (
        end === null ||
        (end as { sha256: string }).sha256 !== expected.sha256 ||
        copy.rowCount !== expected.rows
      )
        throw changed();
    }
    for (const { table: of, definition, name } of keys)
      await client.query(`ALTER TABLE ${full(of)} ADD CONSTRAINT ${pg.escapeIdentifier(name)} ${definition}`);
    await pointersAgree(client);
    await client.query(
      `INSERT INTO control_plane.restores (number, backup, backup_at, started_at)
       SELECT coalesce(max(number), 0) + 1, $1, $2, control_plane.clock() FROM control_plane.restores`,
      [header.id, header.madeAt],
    );
    for (const name of order) await client.query(`ALTER TABLE ${full(name)} FORCE ROW LEVEL SECURITY`);
    for (const { table, name } of triggers)
      await client.query(`ALTER TABLE ${full(table)} ENABLE TRIGGER ${pg.escapeIdentifier(name)}`);
    await client.query("COMMIT");
  });
}

/** The triggers that say how rows may change one by one; those that say what a row must be stay, and check what comes. */
async function ordinaryTriggers(client: pg.Client): Promise<{ table: string; name: string }[]> {
  const { rows } = await client.query<{ table: string; name: string }>(
    `SELECT c.relname AS table, t.tgname AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      WHERE c.relnamespace = 'control_plane'::regnamespace AND NOT t.tgisinternal AND t.tgenabled = 'O'`,
  );
  return rows;
}

const CHECK_VIOLATION = "23514";
const full = (table: string): string => `control_plane.${pg.escapeIdentifier(table)}`;
const changed = () => damaged("it was changed while it was read");

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "keyfold restore",
    statement_timeout: 0,
  });
  // Nobody waits for a connection that dies between two statements; the next one fails.
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A server that ran on would serve what is half there, and remember what was there before. */
async function refuseOthers(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ who: string }>(
    `SELECT DISTINCT usename || coalesce(' (' || nullif(application_name, '') || ')', '') AS who
       FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL`,
  );
  if (rows.length > 0)
    throw new RecoveryError(
      "refused",
      `Somebody is connected to this database: ${rows.map(({ who }) => who).join(", ")}. Stop every Keyfold server on it first; a restore into a running one is refused.`,
    );
}

async function found(client: pg.Client, backup: string): Promise<Found> {
  await client.query("SET ROLE keyfold_backup");
  try {
    const { rows } = await client.query<{ deployments: boolean; open: string | null }>(
      `SELECT EXISTS (SELECT FROM control_plane.deployments) AS deployments,
              (SELECT r.backup FROM control_plane.restores r WHERE r.finished_at IS NULL) AS open`,
    );
    const { deployments, open } = rows[0]!;
    if (!deployments) return "empty";
    return open === backup ? "this backup, not finished" : "a deployment";
  } finally {
    await client.query("RESET ROLE");
  }
}

async function sameMigrations(client: pg.Client, wanted: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT migration_name AS name FROM public._prisma_migrations
      WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name`,
  );
  const there = rows.map(({ name }) => name);
  if (there.join() !== wanted.join())
    throw new RecoveryError(
      "refused",
      "This database's schema is not the one that the backup was made of. Restore into a fresh database; newer migrations are applied afterwards.",
    );
}

async function tablesHere(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'control_plane'::regnamespace AND relkind = 'r' ORDER BY relname",
  );
  return rows.map(({ name }) => name);
}

async function dropForeignKeys(
  client: pg.Client,
): Promise<{ table: string; name: string; definition: string }[]> {
  const { rows } = await client.query<{ table: string; name: string; definition: string }>(
    `SELECT t.relname AS table, c.conname AS name, pg_get_constraintdef(c.oid) AS definition
       FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
      WHERE c.connamespace = 'control_plane'::regnamespace AND c.contype = 'f' ORDER BY t.relname, c.conname`,
  );
  for (const { table, name } of rows)
    await client.query(`ALTER TABLE ${full(table)} DROP CONSTRAINT ${pg.escapeIdentifier(name)}`);
  return rows;
}

/** What a trigger checks while rows change, asked once over all of them. */
async function pointersAgree(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    `SELECT s.id FROM control_plane.secrets s
       LEFT JOIN control_plane.versions v ON v.tenant_id = s.tenant_id AND v.secret_id = s.id AND v.state = 'current'
      WHERE s.current_version IS DISTINCT FROM v.number LIMIT 1`,
  );
  if (rows.length > 0) throw damaged("a secret's current version in it does not exist");
}
