import { access } from "node:fs/promises";
import { join } from "node:path";
import { type Connections, connect } from "@keyfold/db";
import { findRunningPostgres, startEmbeddedPostgres } from "@keyfold/db/embedded";
import { EnvelopeError } from "@keyfold/envelope";
import { DeploymentError, neededHybridSeeds, neededRootKeys } from "@keyfold/secrets";
import type { RootKeySource } from "../config/root-key-source.ts";
import type { Config } from "../config.ts";
import { hasPooler } from "./database.ts";
import { rootKeyPath } from "./root-key.ts";
import { StartError } from "./start-error.ts";

type Where = Pick<
  Config,
  "rootKey" | "otherRootKey" | "hybridSeed" | "otherHybridSeed" | "dataDir" | "database"
>;

/** Where a key is looked for: its setting, and its file where it has one. Never what it holds. */
function placeOf(name: string, source: RootKeySource, dataDir: string): string {
  switch (source.from) {
    case "environment":
      return name;
    case "file":
      return `${name}_FILE (${source.path})`;
    case "command":
      return `${name}_COMMAND`;
    case "provider":
      return `${name}_PROVIDER`;
    case "data-dir":
      return rootKeyPath(dataDir);
  }
}

type What = "ROOT_KEY" | "HYBRID_SEED";

function lookedIn(config: Where, what: What): string {
  const [current, other] =
    what === "ROOT_KEY" ? [config.rootKey, config.otherRootKey] : [config.hybridSeed, config.otherHybridSeed];
  const places = [
    ...(current === null ? [] : [placeOf(`KEYFOLD_${what}`, current, config.dataDir)]),
    ...(other === null ? [] : [placeOf(`KEYFOLD_OTHER_${what}`, other, config.dataDir)]),
  ];
  return places.length === 0 ? "" : ` It was looked for in ${places.join(" and ")}.`;
}

/** Opens a deployment; where its keys are not the ones that it needs, the sentence says where they were looked for, too. */
export async function sayingWhere<T>(config: Where, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof DeploymentError)) throw error;
    const { problem, message } = error;
    if (problem === "wrong_root_key" || problem === "root_key_unavailable")
      throw new DeploymentError(problem, message + lookedIn(config, "ROOT_KEY"));
    if (problem === "wrong_hybrid_seed")
      throw new DeploymentError(problem, message + lookedIn(config, "HYBRID_SEED"));
    throw error;
  }
}

/**
 * Reads the root key, or the hybrid seed; where there is none, or none that may be used, the sentence says which one the
 * database needs, if it can be asked. Nothing is made or migrated for that.
 */
export async function sayingWhich<T>(config: Where, what: What, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    const needed = await neededHere(config, what).catch(() => null);
    if (needed === null || needed.length === 0) throw error;
    const name = what === "ROOT_KEY" ? "root key" : "hybrid seed";
    throw new StartError(
      `${error.message} This database needs the ${name} ${needed.join(" or ")}.${lookedIn(config, what)}`,
    );
  }
}

async function neededHere({ database, dataDir }: Where, what: What): Promise<string[] | null> {
  if (database.kind === "external") return asked(database.url.reveal(), hasPooler(database), what);
  await access(join(dataDir, "credentials.json")); // else there is no database yet
  const server = await startEmbeddedPostgres({ dataDir }).catch(async (error: unknown) => {
    const running = await findRunningPostgres(dataDir);
    if (running === null) throw error;
    return running;
  });
  try {
    return await asked(server.appUrl, false, what);
  } finally {
    if ("stop" in server) await server.stop();
  }
}

async function asked(url: string, pooler: boolean, what: What): Promise<string[] | null> {
  const db: Connections = connect({ url, poolSize: 1, pooler });
  try {
    return await (what === "ROOT_KEY" ? neededRootKeys(db) : neededHybridSeeds(db));
  } finally {
    await db.close();
  }
}
