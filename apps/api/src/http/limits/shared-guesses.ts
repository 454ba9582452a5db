import { type Connections, withDeploymentSql } from "@keyfold/db";
import { RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";

/** What all processes together know of who guesses. */
export interface SharedGuesses {
  /** Counts one more. @returns for how many milliseconds the address has to wait now; 0: not at all */
  failed(address: string): Promise<number>;
}

/** Counted in PostgreSQL, by the database's own rows: what one process has seen, the others hear of at their next failure. */
export function postgresGuesses(
  db: Connections,
  { most = 30, windowMs = 60_000 }: { most?: number; windowMs?: number } = {},
): SharedGuesses {
  // Asks as the deployment, whose table it is.
  const storeClient = {
    query: ({ text, values = [] }: { text: string; values?: unknown[] }) =>
      withDeploymentSql(db, async ({ query }) => {
        const rows = await query(text, values);
        return { rows, rowCount: rows.length };
      }),
  };
  const limiter = new RateLimiterPostgres({
    storeClient,
    storeType: "pool",
    schemaName: "control_plane",
    tableName: "guess_counts",
    tableCreated: true,
    keyPrefix: "guess",
    points: most,
    duration: Math.ceil(windowMs / 1000),
  });
  return {
    async failed(address) {
      try {
        const { remainingPoints, msBeforeNext } = await limiter.consume(address);
        return remainingPoints > 0 ? 0 : msBeforeNext;
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return refused.msBeforeNext;
        throw refused;
      }
    },
  };
}
