import { type FileHandle, open } from "node:fs/promises";

/** A file that only grows, for what must survive this machine's database: on a mount of another machine, say. */
export interface AppendOnlyFile {
  /** Adds whole lines, each with its newline, and answers once they are on the disk. In the order of the calls. */
  append(lines: string): Promise<void>;
  close(): Promise<void>;
}

const NEWLINE = 0x0a;

/** Opens it, mode 0600 where it is new. A line that a crash cut off is ended, so that the next one begins a line. */
export async function openAppendOnlyFile(path: string): Promise<AppendOnlyFile> {
  const file = await open(path, "a+", 0o600);
  try {
    await endLine(file);
  } catch (error) {
    await file.close();
    throw error;
  }
  let last: Promise<void> = Promise.resolve();
  let torn = false;
  const write = async (lines: string) => {
    // One write for all of it: what several processes append does not mix.
    const bytes = Buffer.from(torn ? `\n${lines}` : lines, "utf8");
    torn = true;
    const { bytesWritten } = await file.write(bytes);
    if (bytesWritten < bytes.length) throw Object.assign(new Error("the disk is full"), { code: "ENOSPC" });
    torn = false;
    await file.datasync();
  };
  return {
    append(lines) {
      const done = last.then(() => write(lines));
      last = done.catch(() => {});
      return done;
    },
    async close() {
      await last;
      await file.close();
    },
  };
}

async function endLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  if (size === 0) return;
  const end = Buffer.alloc(1);
  await file.read(end, 0, 1, size - 1);
  if (end[0] !== NEWLINE) await file.write("\n");
}
