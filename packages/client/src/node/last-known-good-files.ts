import { join } from "node:path";
import type { LastKnownGoodOptions } from "../kept/options.ts";
import { fileStore } from "./file-store.ts";
import { hostId } from "./host-id.ts";
import { localKey } from "./local-key.ts";

export interface LastKnownGoodFiles extends Omit<LastKnownGoodOptions, "store" | "key" | "host"> {
  /** Where the copies are, in a folder of their own, and their key beside it. */
  directory: string;
  /** Elsewhere, for a key that shall not be on the same disk. */
  keyFile?: string;
  /** This machine's own by default; give one where it changes from start to start, as in a container. */
  host?: string;
}

/**
 * `lastKnownGood` in files.
 * @example createKeyfold({ url, token, lastKnownGood: await lastKnownGoodFiles({ directory, secrets: ["DB_URL"] }) })
 */
export async function lastKnownGoodFiles(options: LastKnownGoodFiles): Promise<LastKnownGoodOptions> {
  const { directory, keyFile = join(directory, "key"), host, ...rest } = options;
  return {
    ...rest,
    store: fileStore({ directory: join(directory, "copies") }),
    key: await localKey(keyFile),
    host: host ?? (await hostId()),
  };
}
