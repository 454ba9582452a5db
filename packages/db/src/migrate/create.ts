import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkDrift } from "./drift.ts";

export type CreateOptions = {
  /** A few words; letters, digits and underscores are kept. */
  name: string;
  /** The owner's connection string of an empty database. */
  url: string;
  migrationsDir: string;
  schemaPath: string;
  /** Stands in the folder's name, to the second, UTC: migrations are applied in the order of their names. */
  now: Date;
};

/**
 * Writes the next migration: what leads from the migrations so far to the Prisma schema, or an empty script
 * when they agree, for what Prisma has no words for. Nothing is applied.
 *
 * @returns the path of the new script
 * @throws MigrationError when the migrations so far do not apply, or the schema is not valid
 */
export async function createMigration(options: CreateOptions): Promise<string> {
  const name = options.name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  if (name === "") throw new RangeError("A migration needs a name of letters and digits.");
  const script = (await checkDrift(options)) ?? "-- What Prisma has no words for.\n";
  const time = options.now.toISOString().replace(/\D/g, "").slice(0, 14);
  const folder = join(options.migrationsDir, `${time}_${name}`);
  await mkdir(folder);
  const path = join(folder, "migration.sql");
  await writeFile(path, script, { flag: "wx" });
  return path;
}
