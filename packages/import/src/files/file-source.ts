import { readFile } from "node:fs/promises";
import { type Entry, type Source, SourceError } from "../entry.ts";

/** What a file's reader makes of its bytes. */
export type FileReader = (
  bytes: Buffer,
) => Iterable<Omit<Entry, "tenant" | "project" | "environment"> & Partial<Entry>>;

/** A file as a source; it is read whole. */
export function fileSource(kind: string, path: string, reader: FileReader): Source {
  return {
    kind,
    async *read() {
      const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
        throw new SourceError(`${path} cannot be read (${error.code}).`);
      });
      for (const entry of reader(bytes)) yield { tenant: null, project: null, environment: null, ...entry };
    },
  };
}

/** Text of a file, without a byte order mark. @throws SourceError for bytes that are not UTF-8 */
export function textOf(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SourceError(`${path} is not text in UTF-8.`);
  }
}
