import { type FileHandle, open, rename, rm, writeFile } from "node:fs/promises";
import { CommandError, EXIT } from "./terminal.ts";

/** Writes a file that anyone may read, over one that is there. @throws CommandError with the path and the system's code */
export async function writeOpen(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((error) => refuse(path, error));
}

/** Writes a new file that only its owner may read (mode 0600). @throws CommandError also where there is one already */
export async function writeNew(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flag: "wx" }).catch((error) => refuse(path, error));
}

/** Adds to a file that only its owner may read, durably. @throws CommandError */
export async function append(path: string, text: string): Promise<void> {
  const file = await open(path, "a", 0o600).catch((error) => refuse(path, error));
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Writes a file that is whole or not there: beside it, closed to others from its first byte, and moved over it when all of
 * it is on the disk. What `write` throws leaves nothing behind.
 * @throws CommandError where it cannot be made
 */
export async function writeWhole(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const beside = `${path}.${process.pid}.part`;
  const file = await open(beside, "w", 0o600).catch((error) => refuse(path, error));
  try {
    await file.chmod(0o600); // whatever one that was left behind had
    await write(file);
    await file.sync();
    await file.close();
    await rename(beside, path);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(beside, { force: true });
    throw error;
  }
}

function refuse(path: string, error: NodeJS.ErrnoException): never {
  throw new CommandError(
    EXIT.failed,
    error.code === "EEXIST"
      ? `${path} is there already, and is not overwritten.`
      : `${path} cannot be written (${error.code}).`,
  );
}
