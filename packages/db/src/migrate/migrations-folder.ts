import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { MigrationList } from "@prisma/schema-engine-wasm/schema_engine_bg";

/** Reads a folder of migrations (`<timestamp>_<name>/migration.sql`, oldest first) as the engine wants it. */
export async function readMigrations(migrationsDir: string): Promise<MigrationList> {
  const entries = await readdir(migrationsDir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const migrationDirectories = await Promise.all(
    names.sort().map(async (path) => {
      const sql = await readFile(join(migrationsDir, path, "migration.sql"), "utf8");
      return { path, migrationFile: { path: "migration.sql", content: { tag: "ok" as const, value: sql } } };
    }),
  );
  const lockfile = await readFile(join(migrationsDir, "migration_lock.toml"), "utf8").catch(() => null);
  return {
    baseDir: migrationsDir,
    lockfile: { path: "migration_lock.toml", content: lockfile },
    shadowDbInitScript: "",
    migrationDirectories,
  };
}

/** The text of one migration, or undefined when the folder does not have it. */
export function scriptOf(list: MigrationList, name: string): string | undefined {
  const content = list.migrationDirectories.find(({ path }) => path === name)?.migrationFile.content;
  return content?.tag === "ok" ? content.value : undefined;
}
