import { execFile } from "node:child_process";
import { chown, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { roles } from "./credentials.ts";
import { EmbeddedPostgresError } from "./embedded-error.ts";
import { clusterDir, type Location, makeServerDir } from "./location.ts";
import { serverEnvironment } from "./postmaster.ts";

const run = promisify(execFile);

/** True when the cluster was initialised to the end. */
export async function isInitialised(location: Location): Promise<boolean> {
  const found = await stat(join(clusterDir(location), "PG_VERSION")).catch(() => null);
  return found !== null;
}

/**
 * Makes a new cluster: UTF-8, PostgreSQL's builtin C.UTF-8 locale (the same order on every machine, whatever
 * its C library), data checksums, and a password (SCRAM) for every connection. It is made under another name
 * and renamed, so one that was interrupted is made again and never half used.
 *
 * @throws EmbeddedPostgresError `initdb_failed`
 */
export async function initialise(location: Location, superuserPassword: string): Promise<void> {
  const partial = join(location.homeDir, "cluster.partial");
  const passwordFile = join(location.homeDir, "initial-password");
  try {
    await rm(partial, { recursive: true, force: true });
    await makeServerDir(partial, location.user);
    await rm(passwordFile, { force: true });
    await writeFile(passwordFile, superuserPassword, { mode: 0o600, flag: "wx" });
    if (location.user !== null) await chown(passwordFile, location.user.uid, location.user.gid);
    await run(
      join(location.binaries.root, "bin", "initdb"),
      [
        `--pgdata=${partial}`,
        `--username=${roles.superuser}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--data-checksums",
      ],
      { ...location.user, cwd: "/", env: serverEnvironment },
    );
    await rename(partial, clusterDir(location));
  } catch (cause) {
    throw new EmbeddedPostgresError(
      "initdb_failed",
      `The embedded PostgreSQL could not make its data directory under ${location.homeDir}${lastLine(cause)}`,
      { cause },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

function lastLine(cause: unknown): string {
  const stderr = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : "";
  return stderr === "" ? "." : `: ${stderr.split("\n").at(-1)}`;
}
