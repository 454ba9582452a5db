import type { ChildProcess } from "node:child_process";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeCredentials, type RoleKind, readCredentials, roles } from "./credentials.ts";
import { EmbeddedPostgresError } from "./embedded-error.ts";
import { type FolderLock, takeFolderLock } from "./folder-lock.ts";
import { initialise, isInitialised } from "./initialise.ts";
import { clusterDir, type Location, makeDataDir, settleLocation } from "./location.ts";
import { spawnPostmaster, stopChild, stopOrphan } from "./postmaster.ts";
import { DEFAULT_DATABASE, ensureRolesAndDatabase } from "./roles.ts";

/** How long a start may take, recovery from a crash included, and how long a shutdown, in milliseconds. */
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;

/**
 * Fixed at every start, whatever postgresql.conf says. Loopback only and no socket file; what is committed is
 * on the disk; error logs hold neither statements nor rows.
 */
const FIXED_SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  password_encryption: "scram-sha-256",
  log_statement: "none",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
};

export type StartOptions = {
  /** The folder for credentials and, where the server's user can reach it, the data. Made if missing. */
  dataDir: string;
  /** Where root puts binaries and data that the server's user cannot reach otherwise; /var/lib/keyfold. */
  runtimeDir?: string;
  /** The TCP port on 127.0.0.1; 0, the default, takes a free one. */
  port?: number;
  /** Told, in sentences, what a person may want to know. */
  log?: (sentence: string) => void;
};

/** A running PostgreSQL of our own. */
export type EmbeddedPostgres = {
  /** A connection string for a role; the database is `keyfold` unless another is named. */
  url(role: RoleKind, database?: string): string;
  /** The owner's connection string: migrations. */
  ownerUrl: string;
  /** The application's connection string: everything else. */
  appUrl: string;
  superuserUrl: string;
  dataDir: string;
  /** Where PostgreSQL's data directory is: under `dataDir`, unless the server's user cannot reach that. */
  clusterDir: string;
  /** Where the binaries run from. */
  binariesDir: string;
  port: number;
  pid: number;
  /** Resolves when the server process has ended, whoever ended it. */
  exited: Promise<void>;
  /** Fast shutdown: disconnects clients, loses nothing, waits for the end, frees the folder. */
  stop(): Promise<void>;
};

/**
 * Starts the embedded PostgreSQL on `dataDir`, making the cluster, its roles and its database on the first
 * start. A server that an earlier process left behind (kill -9) is stopped first; a crashed one recovers.
 *
 * @throws EmbeddedPostgresError `already_running` when a live process runs this folder, and the others by name
 */
export async function startEmbeddedPostgres(options: StartOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => {});
  const dataDir = await makeDataDir(options.dataDir);
  const locks = [await lockFolder(dataDir, dataDir)];
  try {
    const location = await settleLocation(dataDir, options.runtimeDir);
    // A copy of the data folder points to the same data.
    if (location.homeDir !== dataDir) locks.push(await lockFolder(location.homeDir, dataDir));
    return await startLocked(location, options.port ?? 0, log, locks);
  } catch (error) {
    for (const lock of locks) lock.release();
    throw error;
  }
}

async function startLocked(
  location: Location,
  wantedPort: number,
  log: (sentence: string) => void,
  locks: FolderLock[],
): Promise<EmbeddedPostgres> {
  const orphan = await stopOrphan(location, STOP_TIMEOUT_MS);
  if (orphan !== null) log(`Stopped a PostgreSQL (process ${orphan}) that an earlier start had left behind.`);
  const initialised = await isInitialised(location);
  let credentials = await readCredentials(location.dataDir);
  if (credentials === null && initialised) {
    throw new EmbeddedPostgresError(
      "credentials_missing",
      `The passwords of the database under ${location.homeDir} are gone: put credentials.json back into ${location.dataDir}.`,
    );
  }
  credentials ??= await makeCredentials(location.dataDir);
  if (!initialised) await initialise(location, credentials.superuser);
  if (location.homeDir !== location.dataDir) {
    const temporary = location.homeDir.startsWith(tmpdir()) ? ", a folder that this system may clear" : "";
    log(`The database lives in ${location.homeDir}${temporary}.`);
  }

  await keepLogSmall(join(location.homeDir, "postgres.log"));
  const { child, port } = await spawnOnPort(location, wantedPort);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stopAtExit = () => child.kill("SIGINT");
  process.once("exit", stopAtExit);
  child.unref();

  const url = (role: RoleKind, database: string = DEFAULT_DATABASE) =>
    `postgresql://${roles[role]}:${credentials[role]}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    process.off("exit", stopAtExit);
    await stopChild(child, STOP_TIMEOUT_MS);
    for (const lock of locks) lock.release();
  };
  const server: EmbeddedPostgres = {
    url,
    ownerUrl: url("owner"),
    appUrl: url("app"),
    superuserUrl: url("superuser", "postgres"),
    dataDir: location.dataDir,
    clusterDir: clusterDir(location),
    binariesDir: location.binaries.root,
    port,
    pid: child.pid as number,
    exited,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
  try {
    await writeFile(join(location.dataDir, "running.json"), JSON.stringify({ pid: process.pid, port }));
    await ensureRolesAndDatabase(server.superuserUrl, credentials);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

async function lockFolder(folder: string, dataDir: string): Promise<FolderLock> {
  const lock = takeFolderLock(join(folder, "lock"));
  if (lock !== null) return lock;
  const text = await readFile(join(dataDir, "running.json"), "utf8").catch(() => "{}");
  const { pid, port } = JSON.parse(text) as { pid?: number; port?: number };
  const who = pid === undefined ? "" : ` (process ${pid}, its database on port ${port})`;
  throw new EmbeddedPostgresError(
    "already_running",
    `Keyfold already runs on ${dataDir}${who}: stop it first, or choose another data folder.`,
  );
}

/** A free port can be taken before the server gets it, and a crashed server's workers take a moment to leave. */
async function spawnOnPort(
  location: Location,
  wanted: number,
): Promise<{ child: ChildProcess; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = wanted === 0 ? await findFreePort() : wanted;
    try {
      return { child: await spawnPostmaster(location, port, FIXED_SETTINGS, START_TIMEOUT_MS), port };
    } catch (error) {
      if (attempt === 20 || !(error instanceof EmbeddedPostgresError)) throw error;
      const lostPort = wanted === 0 && error.message.includes(`port ${port} is taken`);
      const stillLeaving = /pre-existing shared memory block|lock file .* already exists/.test(error.message);
      if (!lostPort && !stillLeaving) throw error;
      await delay(stillLeaving ? 250 : 0);
    }
  }
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

async function keepLogSmall(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found !== null && found.size > 10 * 1024 * 1024) await rename(path, `${path}.1`);
}
