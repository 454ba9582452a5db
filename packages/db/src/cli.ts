import { parseArgs } from "node:util";
import { EmbeddedPostgresError } from "./embedded/embedded-error.ts";
import { createMigration } from "./migrate/create.ts";
import { deployMigrations } from "./migrate/deploy.ts";
import { checkDrift } from "./migrate/drift.ts";
import { generateClient } from "./migrate/generate-client.ts";
import { MigrationError } from "./migrate/migration-error.ts";
import { migrationsDir, schemaPath } from "./migrate/project-files.ts";
import { withScratchDatabase } from "./migrate/scratch-server.ts";
import { publicationSql } from "./publication.ts";

const USAGE = `Usage: pnpm db <command>
  generate      generate the Prisma client, if the schema changed
  create NAME   write the next migration: what leads from the migrations so far to prisma/schema.prisma
  check         compare prisma/schema.prisma with the migrations; exit code 1 when they differ
  deploy        apply the migrations to the database at KEYFOLD_MIGRATION_URL (the owner's role);
                --app-role NAME, keyfold by default, is the application's login role
  publication NAME NUMBER
                print the statement that publishes what a region may hold: its number is its place in
                KEYFOLD_REGIONS, from 0`;

/** Runs one command, and returns the exit code. */
async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { "app-role": { type: "string", default: "keyfold" } },
  });
  const [command, name, number] = positionals;
  if (command === "generate") {
    if (!(await generateClient())) console.log("The Prisma client is up to date.");
    return 0;
  }
  if (command === "create" && name !== undefined) {
    const path = await withScratchDatabase((url) =>
      createMigration({ name, url, migrationsDir, schemaPath, now: new Date() }),
    );
    console.log(`Wrote ${path}: read it, and complete it with what Prisma has no words for.`);
    return 0;
  }
  if (command === "check") {
    const drift = await withScratchDatabase((url) => checkDrift({ url, migrationsDir, schemaPath }));
    if (drift === null) {
      console.log("prisma/schema.prisma and the migrations agree.");
      return 0;
    }
    console.error(
      `prisma/schema.prisma and the migrations differ; this would lead to the schema:\n\n${drift}`,
    );
    console.error("Write a migration with: pnpm db create NAME");
    return 1;
  }
  if (command === "publication" && name !== undefined && /^[0-7]$/.test(number ?? "")) {
    process.stdout.write(publicationSql(name, Number(number)));
    return 0;
  }
  if (command === "deploy") {
    const url = process.env.KEYFOLD_MIGRATION_URL;
    if (url === undefined) {
      console.error("Set KEYFOLD_MIGRATION_URL to the connection string of the role that owns the schema.");
      return 2;
    }
    const { applied } = await deployMigrations({
      url,
      migrationsDir,
      appRole: values["app-role"],
      log: console.log,
    });
    if (applied.length === 0) console.log("The database is up to date.");
    return 0;
  }
  console.error(USAGE);
  return 2;
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof MigrationError || error instanceof EmbeddedPostgresError;
  console.error(expected ? error.message : error);
  process.exitCode = 1;
}
