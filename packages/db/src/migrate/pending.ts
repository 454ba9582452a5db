import { readdir } from "node:fs/promises";
import type pg from "pg";

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
