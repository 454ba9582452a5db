import type { MigrationList, SchemaEngine } from "@prisma/schema-engine-wasm/schema_engine_bg";
import type { EngineConnection } from "./engine-connection.ts";
import { MigrationError } from "./migration-error.ts";
import { scriptOf } from "./migrations-folder.ts";
import { noFilters, withSchemaEngine } from "./schema-engine.ts";

/** Applies what the database does not have yet, by Prisma's engine, and returns the names. @throws MigrationError */
export function applyMigrations(url: string, list: MigrationList): Promise<string[]> {
  return withSchemaEngine({ url }, async (engine, connection) => {
    await checkHistory(engine, list);
    return apply(engine, connection, list);
  });
}

/** A script sent in one piece is one transaction, unless it commits by itself or holds what cannot be in one. */
export function isOneTransaction(script: string): boolean {
  return !/\b(commit|rollback|concurrently|vacuum|start\s+transaction)\b/i.test(
    script.replace(/--.*$/gm, ""),
  );
}

async function checkHistory(engine: SchemaEngine, list: MigrationList): Promise<void> {
  const { editedMigrationNames, history } = await engine.diagnoseMigrationHistory({
    migrationsList: list,
    optInToShadowDatabase: false,
    filters: noFilters,
  });
  if (editedMigrationNames.length > 0) {
    throw new MigrationError(
      "migration_edited",
      `Migrations that this database has already were changed afterwards: ${editedMigrationNames.join(", ")}. Put them back, and write the change as a new migration.`,
    );
  }
  if (history?.diagnostic === "migrationsDirectoryIsBehind") {
    throw new MigrationError(
      "database_ahead",
      `This database is newer than this release: it has ${history.unpersistedMigrationNames.join(", ")}. Start the newer release, or restore a backup.`,
    );
  }
  if (history?.diagnostic === "historiesDiverge") {
    throw new MigrationError(
      "histories_diverge",
      `This database has migrations that this release does not know (${history.unpersistedMigrationNames.join(", ")}), and lacks others.`,
    );
  }
}

async function apply(
  engine: SchemaEngine,
  connection: EngineConnection,
  list: MigrationList,
): Promise<string[]> {
  try {
    const done = await engine.applyMigrations({ migrationsList: list, filters: noFilters });
    return done.appliedMigrationNames;
  } catch (error) {
    const failure = connection.failedScript;
    if (failure === undefined) throw error;
    const name = list.migrationDirectories.find(({ path }) => scriptOf(list, path) === failure.script)?.path;
    const outcome = isOneTransaction(failure.script) ? " Nothing of it was applied." : "";
    throw new MigrationError(
      "migration_failed",
      `The migration ${name} failed${failure.where}: ${failure.reason}.${outcome}`,
      { cause: error },
    );
  }
}
