import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { takeFolderLock } from "./folder-lock.ts";
import { stopOrphan } from "./postmaster.ts";

/**
 * Removes a data folder that nobody uses any more, and the place where its data is if that is another: stops
 * a server that was left behind, and deletes the files. A folder that is in use, or is none of ours, stays.
 * For throw-away folders only.
 *
 * @returns whether it was removed
 */
export async function clearAbandoned(dataDir: string): Promise<boolean> {
  if ((await stat(join(dataDir, "lock")).catch(() => null)) === null) return false;
  const lock = takeFolderLock(join(dataDir, "lock"));
  if (lock === null) return false;
  try {
    const record = await readFile(join(dataDir, "location.json"), "utf8").catch(() => "{}");
    const homeDir = (JSON.parse(record) as { homeDir?: string }).homeDir ?? dataDir;
    await stopOrphan({ homeDir }, 10_000);
    for (const path of new Set([homeDir, dataDir])) await rm(path, { recursive: true, force: true });
    return true;
  } finally {
    lock.release();
  }
}
