import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearAbandoned } from "../embedded/abandoned.ts";
import { startEmbeddedPostgres } from "../embedded/start.ts";

/**
 * Runs `work` with the owner's connection string of an empty database, on a server of its own that is gone
 * afterwards: where migrations are tried out, never on a server that holds anything.
 */
export async function withScratchDatabase<T>(work: (ownerUrl: string) => Promise<T>): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), "keyfold-scratch-"));
  const server = await startEmbeddedPostgres({ dataDir });
  try {
    return await work(server.ownerUrl);
  } finally {
    await server.stop();
    await clearAbandoned(dataDir);
  }
}
