import { type Connections, connect, findRoleProblems, findUnboundedStatements } from "@keyfold/db";
import { startEmbeddedPostgres } from "@keyfold/db/embedded";
import { compareMigrations, deployMigrations, migrationsDir } from "@keyfold/db/migrate";
import type { Config, DatabaseSource } from "../config.ts";
import { migrationProblems } from "../health.ts";
import { StartError } from "./start-error.ts";

export interface Database {
  db: Connections;
  /** A direct connection, for LISTEN and for what holds a session's settings: a pooler would lose both. */
  listenUrl: string;
  /** Resolves when an embedded server has ended, whoever ended it; never for another's. */
  lost: Promise<void>;
  stop(): Promise<void>;
}

export interface DatabaseOptions {
  config: Pick<Config, "database" | "dataDir">;
  /** Told, in sentences, what a person may want to know. */
  say(sentence: string): void;
  onIdleError(error: Error): void;
}

/**
 * Reaches the database: starts the embedded one, or connects to the one that the settings name; migrates it where the
 * owner's connection is at hand, checks it where it is not, and refuses to serve under a role or settings that do not
 * hold what Keyfold promises.
 * @throws StartError, EmbeddedPostgresError, MigrationError, and what the driver throws
 */
export async function openDatabase({ config, say, onIdleError }: DatabaseOptions): Promise<Database> {
  const server = config.database.kind === "embedded" ? await startEmbedded(config.dataDir, say) : null;
  let db: Connections | null = null;
  const stop = async () => {
    await db?.close();
    await server?.stop();
  };
  try {
    const source = config.database;
    const owner = source.kind === "embedded" ? server!.ownerUrl : source.migrationUrl?.reveal();
    const role = source.kind === "embedded" ? new URL(server!.appUrl).username : source.role;
    if (owner !== undefined) await deployMigrations({ url: owner, migrationsDir, appRole: role });
    const listenUrl = source.kind === "embedded" ? server!.appUrl : (source.listenUrl ?? source.url).reveal();
    db = connect({
      url: source.kind === "embedded" ? server!.appUrl : source.url.reveal(),
      directUrl: listenUrl,
      pooler: hasPooler(source),
      onIdleError,
    });
    const problems = [
      ...(owner === undefined ? migrationProblems(await compareMigrations(db.pool, migrationsDir)) : []),
      ...(await findRoleProblems(db.pool)),
      ...(hasPooler(source) ? await findUnboundedStatements(db.pool) : []),
    ];
    if (problems.length > 0) throw new StartError(problems.join("\n"));
    return { db, listenUrl, lost: server?.exited ?? new Promise(() => {}), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Whoever names a direct connection has a pooler before the other one. */
export const hasPooler = (source: DatabaseSource): boolean =>
  source.kind === "external" && source.listenUrl !== null;

const startEmbedded = (dataDir: string, say: (sentence: string) => void) =>
  startEmbeddedPostgres({ dataDir, log: say });
