import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { KeptStore } from "../kept/options.ts";

export interface FileStoreOptions {
  /** Made if it is not there, for its owner only. */
  directory: string;
}

const SUFFIX = ".kept";
/** What is larger is no copy of ours: values have at most 16 MiB. */
const MOST_BYTES = 32 * 1024 * 1024;

/** A folder of sealed copies, one file for each, with mode 0600. Several processes of one token may share it. */
export function fileStore({ directory }: FileStoreOptions): KeptStore {
  const pathOf = (id: string): string => {
    if (!/^[0-9a-f]{32}$/.test(id)) throw new TypeError("That is no copy's id.");
    return join(directory, id + SUFFIX);
  };
  return {
    async read(id) {
      const path = pathOf(id);
      try {
        if ((await stat(path)).size > MOST_BYTES) return null;
        return await readFile(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        throw error;
      }
    },
    async write(id, bytes) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const path = pathOf(id);
      const next = `${path}.${randomUUID()}`;
      try {
        const file = await open(next, "wx", 0o600);
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(next, path);
      } catch (error) {
        await rm(next, { force: true });
        throw error;
      }
    },
    async erase(id) {
      if (id !== null) return rm(pathOf(id), { force: true });
      const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return [];
        throw error;
      });
      for (const name of names) if (name.includes(SUFFIX)) await rm(join(directory, name), { force: true });
    },
  };
}
