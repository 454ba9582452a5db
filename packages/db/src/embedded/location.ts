import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, mkdtemp, readFile, realpath, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Binaries, canRun, copyBinaries, findBinaries } from "./binaries.ts";
import { EmbeddedPostgresError } from "./embedded-error.ts";
import { findServerUser, type ServerUser } from "./server-user.ts";

const run = promisify(execFile);

/** Where root puts what the server's user must reach when the data folder is closed to it. */
const SYSTEM_DIR = "/var/lib/keyfold";

/** Where a server's files are. */
export type Location = {
  /** The folder that the caller named: credentials, the lock, `location.json`. */
  dataDir: string;
  /** The folder of the cluster, its log and its lock: `dataDir`, or a place that the server's user can reach. */
  homeDir: string;
  binaries: Binaries;
  user: ServerUser;
};

/** PostgreSQL's own data directory. */
export const clusterDir = (location: { homeDir: string }): string => join(location.homeDir, "cluster");

/**
 * Decides where binaries and data live, and records a decision that is not the obvious one in
 * `dataDir/location.json`, so that the next start finds the same data.
 *
 * Only root has the question: the server runs as another user, who may be unable to enter the checkout.
 */
export async function settleLocation(dataDir: string, runtimeDir: string | undefined): Promise<Location> {
  const recorded = await readRecord(dataDir);
  const user = await findServerUser(join(recorded?.homeDir ?? dataDir, "cluster"));
  let base = recorded?.runtimeDir;
  const settleBase = async () => {
    base ??= await makeRuntimeDir(runtimeDir, user);
    return base;
  };
  let binaries = await findBinaries();
  if (!(await canRun(binaries, user))) binaries = await copyBinaries(binaries, await settleBase(), user);
  let homeDir = recorded?.homeDir ?? dataDir;
  if (recorded === null && !(await canEnter(homeDir, user))) {
    homeDir = join(await settleBase(), randomBytes(8).toString("hex"));
    await mkdir(homeDir, { mode: 0o711 });
  }
  if (!(await canEnter(homeDir, user))) {
    throw new EmbeddedPostgresError(
      "folder_unusable",
      `The database's user cannot enter ${homeDir}: open the folders above it to that user, or choose another data folder.`,
    );
  }
  if (recorded === null && base !== undefined) await writeRecord(dataDir, { homeDir, runtimeDir: base });
  return { dataDir, homeDir, binaries, user };
}

/**
 * Makes the data folder, and returns its real path.
 *
 * @throws EmbeddedPostgresError `folder_unusable`
 */
export async function makeDataDir(dataDir: string): Promise<string> {
  try {
    await mkdir(dataDir, { recursive: true });
    // The server's user passes through; the credentials file has a mode of its own.
    await chmod(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700);
    return await realpath(dataDir);
  } catch (cause) {
    throw new EmbeddedPostgresError("folder_unusable", `Keyfold cannot use the data folder ${dataDir}.`, {
      cause,
    });
  }
}

async function makeRuntimeDir(wanted: string | undefined, user: ServerUser): Promise<string> {
  const asRoot = process.getuid?.() === 0;
  for (const path of wanted === undefined ? (asRoot ? [SYSTEM_DIR] : []) : [wanted]) {
    try {
      await mkdir(path, { recursive: true, mode: 0o755 });
      const owner = (await stat(path)).uid;
      // What another user may write is no place for programs that we run.
      if (owner === process.getuid?.() && (await canEnter(path, user))) return path;
    } catch {
      // A read-only system; the temporary folder is left.
    }
  }
  const path = await mkdtemp(join(tmpdir(), "keyfold-"));
  await chmod(path, 0o755);
  return path;
}

/** Asks the kernel, as that user: modes, access lists and mounts all count. */
async function canEnter(path: string, user: ServerUser): Promise<boolean> {
  if (user === null) return true;
  try {
    await run("/bin/sh", ["-c", 'cd "$1"', "sh", path], { ...user, cwd: "/" });
    return true;
  } catch {
    return false;
  }
}

/** Makes a folder that only the server's user may enter. */
export async function makeServerDir(path: string, user: ServerUser): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  if (user !== null) await chown(path, user.uid, user.gid);
}

type Record = { homeDir: string; runtimeDir: string };

async function readRecord(dataDir: string): Promise<Record | null> {
  const text = await readFile(join(dataDir, "location.json"), "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as Record);
}

async function writeRecord(dataDir: string, record: Record): Promise<void> {
  await writeFile(join(dataDir, "location.json"), `${JSON.stringify(record, null, 2)}\n`);
}
