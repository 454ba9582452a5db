import { type Connections, connect, findRoleProblems } from "@keyfold/db";
import { EmbeddedPostgresError, findRunningPostgres, startEmbeddedPostgres } from "@keyfold/db/embedded";
import { compareMigrations, deployMigrations, migrationsDir } from "@keyfold/db/migrate";
import {
  hybridSeedFromText,
  localRootKey,
  type RootKeyProvider,
  rootKeyFromText,
  type SecretKey,
  unsafelyExportKey,
} from "@keyfold/envelope";
import { createKeyfoldServer, type KeyfoldServer, type KeyfoldServerOptions } from "@keyfold/secrets";
import type { RootKeySource } from "../config/root-key-source.ts";
import { Sensitive } from "../config/sensitive.ts";
import { type Config, type Environment, parseConfig } from "../config.ts";
import { migrationProblems } from "../health.ts";
import { hasPooler } from "./database.ts";
import { regionsOf } from "./regions.ts";
import { localKeyOf, providerOf, rootKeyPath, seedOf } from "./root-key.ts";
import { StartError } from "./start-error.ts";
import { sayingWhere, sayingWhich } from "./where-keys-are.ts";

/** A database as the host's own commands reach it, beside a server that runs or without one. */
export interface HostDatabase {
  config: Config;
  /** The owner's connection string; null where the settings name none. */
  ownerUrl: string | null;
  appUrl: string;
  /** The application's login role. */
  appRole: string;
  /** Whether this very command started the embedded database: then no server runs on it. */
  alone: boolean;
  close(): Promise<void>;
}

/** A root key, as a key bundle keeps it. */
export type RootKeyMaterial =
  | { kind: "local"; id: string; current: boolean; key: string }
  | { kind: "provider"; id: string; current: boolean; setting: string };

/** Hybrid seeds, as a key bundle keeps them: the current one, and one that opens only. */
export interface HybridSeedMaterial {
  hybridSeed: string | null;
  otherHybridSeed: string | null;
}

/** A whole Keyfold on the host, without a socket. */
export interface Host extends HostDatabase {
  keyfold: KeyfoldServer;
  db: Connections;
  /** What opens this deployment's keys: to be sealed at once. */
  unsafelyExportRootKeys(): Promise<RootKeyMaterial[]>;
  /** The hybrid seeds, base64url; null where none is configured. */
  unsafelyExportHybridSeeds(): Promise<HybridSeedMaterial>;
}

/**
 * Reaches the database that the settings name. The embedded one is started where nobody runs it.
 * @throws ConfigError, StartError, EmbeddedPostgresError
 */
export async function reachDatabase(
  env: Environment,
  cwd: string,
  options: { mayJoin: boolean },
): Promise<HostDatabase> {
  const config = parseConfig(env, cwd);
  const source = config.database;
  if (source.kind === "external")
    return {
      config,
      ownerUrl: source.migrationUrl?.reveal() ?? null,
      appUrl: source.url.reveal(),
      appRole: source.role,
      alone: false,
      close: async () => {},
    };
  const server = await startEmbeddedPostgres({ dataDir: config.dataDir }).catch(async (error: unknown) => {
    if (!(error instanceof EmbeddedPostgresError) || error.code !== "already_running" || !options.mayJoin)
      throw error;
    const running = await findRunningPostgres(config.dataDir);
    if (running === null) throw error;
    return running;
  });
  return {
    config,
    ownerUrl: server.ownerUrl,
    appUrl: server.appUrl,
    appRole: new URL(server.appUrl).username,
    alone: "stop" in server,
    close: async () => {
      if ("stop" in server) await server.stop();
    },
  };
}

/**
 * Opens the deployment with its root keys, for a command of the host's.
 * @throws ConfigError, StartError, DeploymentError and what keys and database say
 */
export async function openHost(env: Environment, cwd: string): Promise<Host> {
  const database = await reachDatabase(env, cwd, { mayJoin: true });
  const { config, ownerUrl, appUrl, appRole } = database;
  let db: Connections | null = null;
  let keyfold: KeyfoldServer | null = null;
  const close = async () => {
    await keyfold?.close();
    await db?.close();
    await database.close();
  };
  try {
    if (database.alone && ownerUrl !== null)
      await deployMigrations({ url: ownerUrl, migrationsDir, appRole });
    db = connect({ url: appUrl, poolSize: 4, pooler: hasPooler(config.database) });
    const problems = [
      ...migrationProblems(await compareMigrations(db.pool, migrationsDir)),
      ...(await findRoleProblems(db.pool)),
    ];
    if (problems.length > 0) throw new StartError(problems.join("\n"));
    const sources = sourcesOf(config);
    const [provider, ...others] = (await sayingWhich(config, "ROOT_KEY", () =>
      Promise.all(sources.map((source) => providerOf(source))),
    )) as [RootKeyProvider, ...RootKeyProvider[]];
    const hybrid = await sayingWhich(config, "HYBRID_SEED", () => hybridOf(config));
    const options = {
      db,
      provider,
      others,
      process: false,
      regions: await regionsOf(config.regions),
      ...(hybrid === null ? {} : { hybrid }),
    } satisfies KeyfoldServerOptions;
    keyfold = await sayingWhere(config, () => createKeyfoldServer(options));
    return {
      ...database,
      keyfold,
      db,
      close,
      unsafelyExportRootKeys: () =>
        Promise.all(
          sources.map(async (source, i): Promise<RootKeyMaterial> => {
            const { id } = await [provider, ...others][i]!.current();
            const current = i === 0;
            if (source.from === "provider")
              return { kind: "provider", id, current, setting: source.setting.reveal() };
            return { kind: "local", id, current, key: unsafelyText(await localKeyOf(source)) };
          }),
        ),
      unsafelyExportHybridSeeds: async () => ({
        hybridSeed: await seedText(config.hybridSeed),
        otherHybridSeed: await seedText(config.otherHybridSeed),
      }),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function unsafelyText(key: SecretKey): string {
  const bytes = unsafelyExportKey(key);
  try {
    return bytes.toString("base64url");
  } finally {
    bytes.fill(0);
  }
}

const seedText = async (source: Config["hybridSeed"]): Promise<string | null> =>
  source === null ? null : unsafelyText(await localKeyOf(source, "hybrid seed"));

async function hybridOf({
  hybridSeed,
  otherHybridSeed,
}: Config): Promise<NonNullable<KeyfoldServerOptions["hybrid"]> | null> {
  if (hybridSeed === null) return null;
  return {
    current: await seedOf(hybridSeed),
    others: otherHybridSeed === null ? [] : [await seedOf(otherHybridSeed)],
  };
}

type Given = Exclude<RootKeySource, { from: "data-dir" }>;

function sourcesOf(config: Config): Given[] {
  const current: Given =
    config.rootKey.from === "data-dir" ? { from: "file", path: rootKeyPath(config.dataDir) } : config.rootKey;
  return config.otherRootKey === null ? [current] : [current, config.otherRootKey];
}

/** Where a local root key is kept, as the settings say; null where it is not in a file. */
export function rootKeyFile({ rootKey, dataDir }: Config): string | null {
  if (rootKey.from === "file") return rootKey.path;
  return rootKey.from === "data-dir" ? rootKeyPath(dataDir) : null;
}

/** Where the hybrid seed is kept, as the settings say; null where it is not in a file. */
export const hybridSeedFile = ({ hybridSeed }: Config): string | null =>
  hybridSeed?.from === "file" ? hybridSeed.path : null;

/**
 * Opens a database whose restore is not finished, with the keys that the backup brought along.
 * @throws DeploymentError, EnvelopeError
 */
export async function openRestored(
  { appUrl, config }: HostDatabase,
  given: { rootKeys: readonly RootKeyMaterial[] } & HybridSeedMaterial,
): Promise<{ keyfold: KeyfoldServer; close(): Promise<void> }> {
  const current = given.rootKeys.findIndex((key) => key.current);
  const providers = await Promise.all(
    given.rootKeys.map((key) =>
      key.kind === "local"
        ? localRootKey(rootKeyFromText(key.key))
        : providerOf({ from: "provider", setting: new Sensitive(key.setting) }),
    ),
  );
  const provider = providers[current];
  if (provider === undefined)
    throw new StartError("The backup does not say which root key is the current one.");
  const db = connect({ url: appUrl, poolSize: 4, pooler: hasPooler(config.database) });
  try {
    const keyfold = await createKeyfoldServer({
      db,
      provider,
      others: providers.filter((one) => one !== provider),
      ...(given.hybridSeed === null
        ? {}
        : {
            hybrid: {
              current: hybridSeedFromText(given.hybridSeed),
              others: given.otherHybridSeed === null ? [] : [hybridSeedFromText(given.otherHybridSeed)],
            },
          }),
      restoring: true,
      regions: await regionsOf(config.regions),
      process: false,
    });
    return {
      keyfold,
      async close() {
        await keyfold.close();
        await db.close();
      },
    };
  } catch (error) {
    await db.close();
    throw error;
  }
}
