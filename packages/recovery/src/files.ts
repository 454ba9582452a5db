import { open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { RecoveryError } from "./recovery-error.ts";

/** What a file holds, as text. @throws RecoveryError `unwritable` */
export async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new RecoveryError("unwritable", `The file ${path} cannot be read (${error.code}).`);
  });
}

/**
 * Writes a new file, closed to others (mode 0600) and durable before this returns. Never overwrites; leaves nothing where
 * it fails.
 * @throws RecoveryError `unwritable`
 */
export async function writeNew(path: string, content: string): Promise<void> {
  const file = await open(path, "wx", 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new RecoveryError(
      "unwritable",
      error.code === "EEXIST"
        ? `There is a file at ${path} already; it is not overwritten.`
        : `The file ${path} cannot be made (${error.code}).`,
    );
  });
  try {
    await file.chmod(0o600); // whatever the umask took or left
    await file.writeFile(content);
    await file.sync();
    await syncFolder(path);
  } catch (error) {
    await rm(path, { force: true });
    throw new RecoveryError(
      "unwritable",
      `The file ${path} cannot be written (${(error as NodeJS.ErrnoException).code}).`,
    );
  } finally {
    await file.close();
  }
}

/** A file's name is durable only once its folder is. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
