import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** One place of a process's memory where a text stands. */
export interface Place {
  /** The text, as far as the pattern matches it. */
  text: string;
  /** What it stands in, as far as its neighbourhood tells. */
  in:
    | "JavaScript string"
    | "JavaScript string of a body"
    | "bytes of a body"
    | "bytes of a request's head"
    | "bytes";
}

/** So much before a text, and after its beginning, is looked at, in bytes. */
const AROUND = 4096;
const STEP = 4 * 2 ** 20;

/**
 * Searches what a process of our own wrote into memory that is no file's: heaps, stacks, anonymous maps.
 * @param begins what the text begins with, in ASCII; found in one byte a character and in two
 * @param is the whole of it, sticky
 */
export function searchMemory(pid: number, begins: string, is: RegExp): Place[] {
  const found: Place[] = [];
  const file = openSync(`/proc/${pid}/mem`, "r");
  try {
    for (const { from, to } of anonymous(readFileSync(`/proc/${pid}/maps`, "utf8")))
      for (let start = from; start < to; start += STEP) {
        const begin = Math.max(from, start - AROUND);
        const bytes = Buffer.alloc(Math.min(to, start + STEP + AROUND) - begin);
        try {
          readSync(file, bytes, 0, bytes.length, begin);
        } catch {
          continue; // given back meanwhile, or nothing that may be read
        }
        for (const encoding of ["latin1", "utf16le"] as const) {
          const wanted = Buffer.from(begins, encoding);
          for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
            const offset = begin + at;
            if (offset < start || offset >= start + STEP) continue; // another step's
            is.lastIndex = 0;
            const text = is.exec(bytes.toString(encoding, at, at + AROUND))?.[0];
            if (text !== undefined) found.push({ text, in: whatHolds(bytes, at, text.length, encoding) });
          }
        }
      }
  } finally {
    closeSync(file);
  }
  return found;
}

function* anonymous(maps: string): Generator<{ from: number; to: number }> {
  for (const line of maps.split("\n")) {
    const [, from, to, path] = /^([0-9a-f]+)-([0-9a-f]+) rw\S* \S+ \S+ \d+\s*(.*)$/.exec(line) ?? [];
    if (from === undefined || !(path === "" || path!.startsWith("["))) continue;
    yield { from: Number.parseInt(from, 16), to: Number.parseInt(to!, 16) };
  }
}

/** V8 keeps a string's length, in characters, in the four bytes before the first of them. */
function whatHolds(bytes: Buffer, at: number, length: number, encoding: "latin1" | "utf16le"): Place["in"] {
  const width = encoding === "latin1" ? 1 : 2;
  const lengthBefore = (start: number) => (start >= 4 ? bytes.readUInt32LE(start - 4) : 0);
  if (lengthBefore(at) === length) return "JavaScript string";
  const before = bytes.subarray(Math.max(at % width, at - AROUND), at).toString(encoding);
  for (let back = before.lastIndexOf("{"); back >= 0; back = before.lastIndexOf("{", back - 1)) {
    const start = at - (before.length - back) * width;
    const whole = lengthBefore(start);
    if (whole < 2 ** 20 && start + whole * width >= at + length * width) return "JavaScript string of a body";
    if (back === 0) break;
  }
  if (/"[a-z_]*":"?$/i.test(before)) return "bytes of a body";
  return /(?:GET|PUT|POST|DELETE) \/\S*$/.test(before) ? "bytes of a request's head" : "bytes";
}
