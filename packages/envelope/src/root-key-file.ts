import { randomBytes } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { KEY_BYTES } from "./aes-gcm.ts";
import type { SecretKey } from "./key.ts";
import {
  badKey,
  type KeyName,
  MAX_ROOT_KEY_TEXT_BYTES,
  rootKeyFromBytes,
  rootKeyFromContent,
  unusableKey,
} from "./root-key.ts";

const OTHERS = 0o077;

/**
 * A root key from a file that holds 64 hex digits, base64 or base64url of 32 bytes, or 32 raw bytes.
 * The file must be regular, and closed to group and others (where the system has such modes).
 * @throws EnvelopeError `bad_root_key`, with a sentence that names the path and what to do
 */
export async function rootKeyFromFile(path: string, what: KeyName = "root key"): Promise<SecretKey> {
  const file = await opened(path, what);
  const content = Buffer.alloc(MAX_ROOT_KEY_TEXT_BYTES + 1);
  try {
    // Asked of the open file and not of the path, so that nobody swaps it in between.
    const { mode, size } = await file.stat().then((stat) => {
      if (!stat.isFile()) throw unusableKey(`The ${what} file ${path} is not a regular file.`, what);
      return stat;
    });
    if (process.platform !== "win32" && (mode & OTHERS) !== 0) {
      throw unusableKey(
        `The ${what} file ${path} can be read by group or others. Close it with: chmod 600 ${path}`,
        what,
      );
    }
    if (size > MAX_ROOT_KEY_TEXT_BYTES)
      throw badKey(`The ${what} file ${path} is too long to hold one key.`, what);
    const { bytesRead } = await file.read(content, 0, content.length, 0);
    return rootKeyFromContent(content.subarray(0, bytesRead), what);
  } finally {
    content.fill(0);
    await file.close();
  }
}

async function opened(path: string, what: KeyName): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") throw badKey(`There is no ${what} file at ${path}.`, what);
    throw unusableKey(`The ${what} file ${path} cannot be opened (${code}).`, what);
  }
}

/**
 * Makes a root key and keeps it in a new file (mode 0600, base64url), durable before this returns. Never overwrites.
 * @throws EnvelopeError `bad_root_key` where there is such a file already, or it cannot be written
 */
export async function generateRootKeyFile(path: string, what: KeyName = "root key"): Promise<SecretKey> {
  const file = await created(path, what);
  const bytes = randomBytes(KEY_BYTES);
  // One string of the key exists here for a moment, once in the life of an install.
  const text = Buffer.from(`${bytes.toString("base64url")}\n`);
  try {
    await file.chmod(0o600); // whatever the umask took or left
    await file.writeFile(text);
    await file.sync();
    await syncDirectory(dirname(path));
    return rootKeyFromBytes(bytes, what);
  } catch (error) {
    // Half a key is worse than none: the next start would refuse it.
    await rm(path, { force: true });
    throw unusableKey(`The ${what} file ${path} cannot be written (${codeOf(error)}).`, what);
  } finally {
    bytes.fill(0);
    text.fill(0);
    await file.close();
  }
}

async function created(path: string, what: KeyName): Promise<FileHandle> {
  try {
    return await open(path, "wx", 0o600);
  } catch (error) {
    const code = codeOf(error);
    const problem =
      code === "EEXIST" ? "is there already; it is not overwritten" : `cannot be made (${code})`;
    throw unusableKey(`The ${what} file ${path} ${problem}.`, what);
  }
}

// The file's name is durable only once its directory is. Windows opens no directories and needs none of this.
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "unknown error";
}
