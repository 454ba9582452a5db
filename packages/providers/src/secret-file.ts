import { type FileHandle, open } from "node:fs/promises";
import { badSetting } from "./optional-package.ts";

const MAX_BYTES = 4096;
const OTHERS = 0o077;

/**
 * What a file holds that only its owner may read: a passphrase or a PIN, without one line break at its end. The
 * caller zeroes it.
 * @throws EnvelopeError `bad_root_key`, with a sentence that names the path and what to do
 */
export async function readSecretFile(path: string, what: string): Promise<Buffer> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch {
    throw badSetting(`The file of the ${what} cannot be opened: ${path}`);
  }
  const content = Buffer.alloc(MAX_BYTES + 1);
  try {
    // Asked of the open file and not of the path, so that nobody swaps it in between.
    const stat = await file.stat();
    if (!stat.isFile()) throw badSetting(`The file of the ${what} is not a regular file: ${path}`);
    if (process.platform !== "win32" && (stat.mode & OTHERS) !== 0)
      throw badSetting(
        `The file of the ${what} can be read by group or others. Close it with: chmod 600 ${path}`,
      );
    const { bytesRead } = await file.read(content, 0, content.length, 0);
    if (bytesRead === 0) throw badSetting(`The file of the ${what} is empty: ${path}`);
    if (bytesRead > MAX_BYTES) throw badSetting(`The file of the ${what} is too long to hold one: ${path}`);
    return withoutLineBreak(Buffer.from(content.subarray(0, bytesRead)));
  } finally {
    content.fill(0);
    await file.close();
  }
}

function withoutLineBreak(content: Buffer): Buffer {
  const LF = 0x0a;
  const CR = 0x0d;
  if (content.at(-1) !== LF) return content;
  return content.subarray(0, content.at(-2) === CR ? -2 : -1);
}
