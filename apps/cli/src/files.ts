import { randomUUID } from "node:crypto";
import { constants, type FileHandle, open, rename, rm, writeFile } from "node:fs/promises";
import { CommandError, EXIT } from "./terminal.ts";

/**
 * Files are written in folders that others may have made, a cloned repository for one: a link that stands where a file
 * shall be written is not followed, since it may lead to any file of who runs this.
 */
const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND, O_NOFOLLOW = 0 } = constants;

/** Writes a file that anyone may read, over one that is there. @throws CommandError with the path and the system's code */
export async function writeOpen(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(path, content, { flag: O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW } as never).catch(
    (error) => refuse(path, error),
  );
}

/** Writes a new file that anyone may read. @returns false where there is one already. @throws CommandError */
export async function writeNewOpen(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EEXIST" ? false : refuse(path, error as Error);
  }
}

/** Writes a new file that only its owner may read (mode 0600). @throws CommandError also where there is one already */
export async function writeNew(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flag: "wx" }).catch((error) => refuse(path, error));
}

/** Adds to a file that only its owner may read, durably. @throws CommandError */
export async function append(path: string, text: string): Promise<void> {
  const file = await open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600).catch((error) =>
    refuse(path, error),
  );
  try {
    await file.chmod(0o600); // one that was there already may be open to others
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
  // A name that nobody foresees, and no file that is there: neither a link nor one that is open to others.
  const beside = `${path}.${randomUUID()}.part`;
  const file = await open(beside, "wx", 0o600).catch((error) => refuse(path, error));
  try {
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
      : error.code === "ELOOP"
        ? `${path} is a link to another file. Remove it, or name the file itself.`
        : `${path} cannot be written (${error.code}).`,
  );
}
