import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { deployMigrations } from "./deploy.ts";
import { asMigrationError, noFilters, withSchemaEngine } from "./schema-engine.ts";

export type DriftOptions = {
  /** The owner's connection string of an empty database. */
  url: string;
  migrationsDir: string;
  schemaPath: string;
};

/**
 * Applies the migrations to an empty database and returns the SQL that would make it what the Prisma schema
 * says; null when there is nothing to do. What Prisma has no words for (row-level security, triggers,
 * functions, CHECKs, roles, grants) is not compared.
 *
 * @throws MigrationError when the migrations do not apply, or the schema is not valid
 */
export async function checkDrift(options: DriftOptions): Promise<string | null> {
  const schema = await readFile(options.schemaPath, "utf8");
  await deployMigrations({ url: options.url, migrationsDir: options.migrationsDir });
  const files = [{ path: "schema.prisma", content: schema }];
  try {
    return await withSchemaEngine({ url: options.url, schema }, async (engine) => {
      const diff = await engine.diff({
        from: { tag: "schemaDatasource", files, configDir: dirname(options.schemaPath) },
        to: { tag: "schemaDatamodel", files },
        script: true,
        exitCode: true,
        filters: noFilters,
      });
      return diff.exitCode === 0 ? null : (diff.stdout ?? "");
    });
  } catch (error) {
    throw asMigrationError(error);
  }
}
