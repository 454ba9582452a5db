import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/** Says whether a password is on a list of ones that were leaked. */
export type Breached = (password: string) => Promise<boolean>;

/** Longer lines than any hash with its count are none of such a file. */
const LINE_BYTES = 256;

/**
 * Looks passwords up in a file as haveibeenpwned.com gives it away: a line for each, upper-case hexadecimal SHA-1 and, after
 * a colon, how often it was seen; sorted. Tens of gigabytes are searched in some thirty small reads; nothing leaves the
 * machine. (SHA-1 is what the file is made of; nothing is protected by it here.)
 * @throws Error where the file cannot be read
 */
export function breachedIn(path: string): Breached {
  return async (password) => {
    const wanted = createHash("sha1").update(password, "utf8").digest("hex").toUpperCase();
    const file = await open(path, "r");
    try {
      let [low, high] = [0, (await file.stat()).size];
      const bytes = Buffer.alloc(LINE_BYTES * 2);
      // The line in which the wanted one would begin lies between low (a line's beginning) and high.
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const from = Math.max(low, middle - LINE_BYTES);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
        const text = bytes.toString("latin1", 0, bytesRead);
        const begin = text.lastIndexOf("\n", middle - from - 1) + 1;
        const end = text.indexOf("\n", begin);
        const line = text.slice(begin, end === -1 ? undefined : end);
        const hash = line.slice(0, 40).toUpperCase();
        if (hash === wanted) return true;
        if (hash < wanted) low = from + (end === -1 ? text.length : end + 1);
        else high = from + begin;
      }
      return false;
    } finally {
      await file.close();
    }
  };
}
