import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { promisify } from "node:util";
import { EmbeddedPostgresError } from "./embedded-error.ts";

const run = promisify(execFile);

/** Whom the server runs as; null means: as ourselves. PostgreSQL refuses to run as root. */
export type ServerUser = { uid: number; gid: number } | null;

/**
 * Finds an unprivileged user for the server when we are root: whoever owns the cluster already, else
 * `postgres`, which is created if it is missing, else `nobody`.
 *
 * @throws EmbeddedPostgresError `no_server_user` when there is none of them.
 */
export async function findServerUser(clusterDir: string | undefined): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return null;
  const owner = clusterDir === undefined ? null : await ownerOf(clusterDir);
  if (owner !== null) return owner;
  const found = (await lookUp("postgres")) ?? (await create("postgres")) ?? (await lookUp("nobody"));
  if (found !== null) return found;
  throw new EmbeddedPostgresError(
    "no_server_user",
    "PostgreSQL does not run as root, and there is no user postgres to run it as: create one (useradd --system postgres), or start Keyfold as an ordinary user.",
  );
}

async function ownerOf(path: string): Promise<ServerUser> {
  const found = await stat(path).catch(() => null);
  return found === null || found.uid === 0 ? null : { uid: found.uid, gid: found.gid };
}

async function lookUp(name: string): Promise<ServerUser> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
    return { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) };
  } catch {
    return null;
  }
}

async function create(name: string): Promise<ServerUser> {
  try {
    await run("useradd", [
      "--system",
      "--user-group",
      "--no-create-home",
      "--shell",
      "/usr/sbin/nologin",
      name,
    ]);
  } catch {
    return null;
  }
  return lookUp(name);
}
