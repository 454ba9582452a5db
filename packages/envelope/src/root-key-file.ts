import { randomBytes } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { KEY_BYTES } from "./aes-gcm.ts";
import { EnvelopeError } from "./error.ts";
import type { SecretKey } from "./key.ts";
import { badRootKey, MAX_ROOT_KEY_TEXT_BYTES, rootKeyFromBytes, rootKeyFromContent } from "./root-key.ts";

const OTHERS = 0o077;

/**
 * A root key from a file that holds 64 hex digits, base64 or base64url of 32 bytes, or 32 raw bytes.
 * The file must be regular, and closed to group and others (where the system has such modes).
 * @throws EnvelopeError `bad_root_key`, with a sentence that names the path and what to do
 */
export async function rootKeyFromFile(path: string): Promise<SecretKey> {
  const file = await opened(path);
  const content = Buffer.alloc(MAX_ROOT_KEY_TEXT_BYTES + 1);
  try {
    // Asked of the open file and not of the path, so that nobody swaps it in between.
    const { mode, size } = await file.stat().then((stat) => {
      if (!stat.isFile())
        throw new EnvelopeError("bad_root_key", `The root key file ${path} is not a regular file.`);
      return stat;
    });
    if (process.platform !== "win32" && (mode & OTHERS) !== 0) {
      throw new EnvelopeError(
        "bad_root_key",
        `The root key file ${path} can be read by group or others. Close it with: chmod 600 ${path}`,
      );
    }
    if (size > MAX_ROOT_KEY_TEXT_BYTES)
      throw badRootKey(`The root key file ${path} is too long to hold one key.`);
    const { bytesRead } = await file.read(content, 0, content.length, 0);
    return rootKeyFromContent(content.subarray(0, bytesRead));
  } finally {
    content.fill(0);
    await file.close();
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") throw badRootKey(`There is no root key file at ${path}.`);
    throw new EnvelopeError("bad_root_key", `The root key file ${path} cannot be opened (${code}).`);
  }
}

/**
 * Makes a root key and keeps it in a new file (mode 0600, base64url), durable before this returns. Never overwrites.
 * @throws EnvelopeError `bad_root_key` where there is such a file already, or it cannot be written
 */
export async function generateRootKeyFile(path: string): Promise<SecretKey> {
  const file = await created(path);
  const bytes = randomBytes(KEY_BYTES);
  // One string of the key exists here for a moment, once in the life of an install.
  const text = Buffer.from(`${bytes.toString("base64url")}\n`);
  try {
    await file.chmod(0o600); // whatever the umask took or left
    await file.writeFile(text);
    await file.sync();
    await syncDirectory(dirname(path));
    return rootKeyFromBytes(bytes);
  } catch (error) {
    // Half a key is worse than none: the next start would refuse it.
    await rm(path, { force: true });
    throw new EnvelopeError(
      "bad_root_key",
      `The root key file ${path} cannot be written (${codeOf(error)}).`,
    );
  } finally {
    bytes.fill(0);
    text.fill(0);
    await file.close();
  }
}

async function created(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx", 0o600);
  } catch (error) {
    const code = codeOf(error);
    const problem =
      code === "EEXIST" ? "is there already; it is not overwritten" : `cannot be made (${code})`;
    throw new EnvelopeError("bad_root_key", `The root key file ${path} ${problem}.`);
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
