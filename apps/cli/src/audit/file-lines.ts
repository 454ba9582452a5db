import { closeSync, openSync, readSync } from "node:fs";
import { CommandError, EXIT } from "../terminal.ts";

const CHUNK = 1024 * 1024;
/** No line of an export is longer: a batch's line holds 32 bytes for each of 65,536 events. */
const LONGEST = 8 * 1024 * 1024;

/** A file's lines without their ends, in the memory of one of them. @throws CommandError where it cannot be read */
export function* fileLines(path: string): Generator<Buffer> {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw new CommandError(EXIT.usage, `${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  try {
    let held = Buffer.alloc(0);
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const size = readSync(file, chunk, 0, CHUNK, null);
      if (size === 0) break;
      const bytes =
        held.length === 0 ? chunk.subarray(0, size) : Buffer.concat([held, chunk.subarray(0, size)]);
      let at = 0;
      for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, at)) {
        yield bytes.subarray(at, end);
        at = end + 1;
      }
      held = bytes.subarray(at);
      if (held.length > LONGEST)
        throw new CommandError(
          EXIT.usage,
          `${path} is no export of an audit log: it has lines that none has.`,
        );
    }
    if (held.length > 0) yield held;
  } finally {
    closeSync(file);
  }
}
