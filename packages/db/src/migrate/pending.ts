import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import type { MigrationList } from "@prisma/schema-engine-wasm/schema_engine_bg";
import type pg from "pg";
import { scriptOf } from "./migrations-folder.ts";

export type MigrationState = {
  /** In the folder, and not in the database: they must be deployed. */
  missing: string[];
  /** In the database, and not in the folder: the database is newer than this release. */
  ahead: string[];
};

/**
 * Compares a database's finished migrations with a folder's, by name. Needs no owner: a deploy lets the application's
 * role read the list. A database that was never migrated lacks them all.
 */
export async function compareMigrations(
  pool: Pick<pg.Pool, "query">,
  migrationsDir: string,
): Promise<MigrationState> {
  const entries = await readdir(migrationsDir, { withFileTypes: true });
  const wanted = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const { rows } = await pool.query<{ there: boolean }>(
    "SELECT to_regclass('public._prisma_migrations') IS NOT NULL AS there",
  );
  if (rows[0]?.there !== true) return { missing: wanted.sort(), ahead: [] };
  const finished = await pool.query<{ name: string }>(
    `SELECT migration_name AS name FROM public._prisma_migrations
      WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
  );
  const applied = new Set(finished.rows.map((row) => row.name));
  return {
    missing: wanted.filter((name) => !applied.has(name)).sort(),
    ahead: [...applied].filter((name) => !wanted.includes(name)).sort(),
  };
}

/**
 * Whether the database's history is exactly this list, each script as it is here, and finished: then the engine would find
 * nothing to do. Of anything else it is the engine that says what it is.
 */
export async function isUpToDate(client: Pick<pg.Client, "query">, list: MigrationList): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    "SELECT to_regclass('public._prisma_migrations') IS NOT NULL AS there",
  );
  if (rows[0]?.there !== true) return false;
  const { rows: history } = await client.query<{ name: string; checksum: string; finished: boolean }>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished FROM public._prisma_migrations
      WHERE rolled_back_at IS NULL ORDER BY migration_name COLLATE "C"`,
  );
  const wanted = list.migrationDirectories.map(({ path }) => path);
  return (
    history.length === wanted.length &&
    history.every(({ name, checksum, finished }, i) => {
      const script = scriptOf(list, name);
      return finished && name === wanted[i] && script !== undefined && checksum === checksumOf(script);
    })
  );
}

/** As Prisma's engine keeps it: SHA-256 of the script, in hexadecimal. */
const checksumOf = (script: string): string => createHash("sha256").update(script).digest("hex");
