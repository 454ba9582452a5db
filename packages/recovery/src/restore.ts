import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deployMigrations, migrationsDir } from "@keyfold/db/migrate";
import { load, lookAt } from "./load.ts";
import { RecoveryError } from "./recovery-error.ts";
import type { BackupSummary } from "./verify-backup.ts";

export interface RestoreOptions {
  ownerUrl: string;
  /** The application's login role: what migrations grant to. */
  appRole: string;
  path: string;
  identityFile: string;
  summary: BackupSummary;
  say(sentence: string): void;
}

/**
 * Puts a backup's rows into a database that holds nothing yet: its schema as it was, its rows in one transaction, then the
 * migrations that came since. A database in which this very backup was left unfinished goes on from there.
 * @throws RecoveryError `refused` for a database that holds something, or has somebody connected; MigrationError
 */
export async function restoreRows(options: RestoreOptions): Promise<void> {
  const { ownerUrl, appRole, summary, say } = options;
  const { header } = summary;
  const found = await lookAt(ownerUrl, header.id);
  if (found === "a deployment")
    throw new RecoveryError(
      "refused",
      "This database holds a deployment already. Restore into a fresh one, and keep this one until that works.",
    );
  if (found === "empty") {
    await withMigrationsOf(header.migrations, (folder) =>
      deployMigrations({ url: ownerUrl, migrationsDir: folder, appRole }),
    );
    await load({ ...options });
    say(`Restored ${summary.tables.reduce((sum, { rows }) => sum + rows, 0)} rows.`);
  } else say("This backup's rows are there from an earlier run: going on.");
  await deployMigrations({ url: ownerUrl, migrationsDir, appRole });
}

/** A folder with just these of the release's migrations. @throws RecoveryError `unsupported` for one that it lacks */
async function withMigrationsOf<T>(
  names: readonly string[],
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const here = new Set(await readdir(migrationsDir));
  const missing = names.filter((name) => !here.has(name));
  if (missing.length > 0)
    throw new RecoveryError(
      "unsupported",
      `This backup was made by a newer release of Keyfold: it has the migration ${missing[0]}. Use that release.`,
    );
  const folder = await mkdtemp(join(tmpdir(), "keyfold-migrations-"));
  try {
    for (const name of [...names, "migration_lock.toml"])
      if (here.has(name)) await cp(join(migrationsDir, name), join(folder, name), { recursive: true });
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
