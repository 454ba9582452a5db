import { DatabaseSync } from "node:sqlite";

/** A folder held by this process, until it is released or the process is gone. */
export type FolderLock = { release(): void };

/**
 * Takes the lock file at `path`, or returns null when another process (or this one) holds it.
 *
 * The lock is SQLite's own file lock: the kernel drops it when the holder dies, however it dies, so there is
 * no stale lock to judge, no process id that another program may have got meanwhile, and no race between two
 * that both find a stale one. The children of this process do not inherit it, so a server that outlived us
 * does not hold it.
 */
export function takeFolderLock(path: string): FolderLock | null {
  const file = new DatabaseSync(path);
  try {
    file.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    file.close();
    if (isBusy(error)) return null;
    throw error;
  }
  return { release: () => file.close() };
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}
