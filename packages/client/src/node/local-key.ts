import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * The key of this machine's copies: read from a file of 32 bytes, which is made, for its owner only, where it is not there.
 * @throws TypeError for a file that others may read, or that is no key
 */
export async function localKey(path: string): Promise<Uint8Array> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(randomBytes(32));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  if (process.platform !== "win32" && ((await stat(path)).mode & 0o077) !== 0)
    throw new TypeError(`Others may read the key at ${path}. Close it: chmod 600 ${path}`);
  const key = await readFile(path);
  if (key.length !== 32) throw new TypeError(`What is at ${path} is no key: it has not 32 bytes.`);
  return key;
}
