import type { MigrationList } from "@prisma/schema-engine-wasm/schema_engine_bg";
import pg from "pg";
import { grantApplicationRole } from "./application-role.ts";
import { isOneTransaction } from "./apply.ts";
import { applyApart } from "./apply-apart.ts";
import { MigrationError } from "./migration-error.ts";
import { readMigrations, scriptOf } from "./migrations-folder.ts";
import { isUpToDate } from "./pending.ts";
import { asMigrationError } from "./schema-engine.ts";

/** The lock that every schema engine takes while it applies migrations, Prisma's own binary too. */
const ENGINE_LOCK = 72707369;

/** Ours, around the whole of a deploy. Always taken before the engine's. */
const DEPLOY_LOCK = 72707370;

export type DeployOptions = {
  /** The owner's connection string: direct, not through a pooler. */
  url: string;
  /** The folder of migrations. */
  migrationsDir: string;
  /** The application's login role, which gets the migrations' group roles. Left out: nothing is granted. */
  appRole?: string;
  /** Told, in sentences, what was applied. */
  log?: (sentence: string) => void;
};

/**
 * Applies what the database does not have yet, in order, each migration in one transaction, and returns the
 * names. The bookkeeping is Prisma's (`public._prisma_migrations`), so `prisma migrate deploy` can take over.
 * Any number of processes may call this at once: one works, the others wait and find nothing to do.
 *
 * A migration that fails or is interrupted leaves nothing behind and is tried again by the next deploy.
 *
 * @throws MigrationError `migration_failed`, and when the history is not what the folder says:
 *   `migration_edited`, `database_ahead`, `histories_diverge`, `migration_unfinished`
 */
export async function deployMigrations(options: DeployOptions): Promise<{ applied: string[] }> {
  const list = await readMigrations(options.migrationsDir);
  const client = await connect(options.url);
  try {
    await client.query("SELECT pg_advisory_lock($1)", [DEPLOY_LOCK]);
    await forgetInterrupted(client, list);
    const applied = (await isUpToDate(client, list)) ? [] : await applyApart(options.url, list);
    await coverForBackup(client);
    for (const name of applied) options.log?.(`Applied the migration ${name}.`);
    if (options.appRole !== undefined) await grantApplicationRole(client, options.appRole);
    return { applied };
  } catch (error) {
    throw error instanceof pg.DatabaseError ? error : asMigrationError(error);
  } finally {
    await client.end();
  }
}

/** Whoever makes backups sees the tables of every migration, without each having to say so. */
async function coverForBackup(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>(
    "SELECT to_regprocedure('control_plane.cover_for_backup()') IS NOT NULL AS there",
  );
  if (rows[0]?.there === true) await client.query("SELECT control_plane.cover_for_backup()");
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: "keyfold migrate" });
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (cause) {
    throw new MigrationError(
      "database_unreachable",
      "The database cannot be reached with the owner's role.",
      { cause },
    );
  }
  return client;
}

/**
 * A migration that was begun and not finished, while nobody holds the engine's lock, was interrupted; as it
 * ran in one transaction, nothing of it is there, and it may run again.
 */
async function forgetInterrupted(client: pg.Client, list: MigrationList): Promise<void> {
  const table = await client.query("SELECT to_regclass('public._prisma_migrations') IS NOT NULL AS exists");
  if (table.rows[0].exists !== true) return;
  await client.query("SELECT pg_advisory_lock($1)", [ENGINE_LOCK]);
  try {
    const open = await client.query(
      `SELECT id, migration_name FROM public._prisma_migrations
       WHERE finished_at IS NULL AND rolled_back_at IS NULL`,
    );
    for (const { id, migration_name: name } of open.rows) {
      const script = scriptOf(list, name);
      if (script === undefined || !isOneTransaction(script)) {
        throw new MigrationError(
          "migration_unfinished",
          `The migration ${name} was begun and not finished, and may have left something behind: put the database right by hand, then set rolled_back_at in its row of public._prisma_migrations.`,
        );
      }
      await client.query("UPDATE public._prisma_migrations SET rolled_back_at = now() WHERE id = $1", [id]);
    }
  } finally {
    await client.query("SELECT pg_advisory_unlock($1)", [ENGINE_LOCK]);
  }
}
