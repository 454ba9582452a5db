import type pg from "pg";

/** How long a server may take to let go of a connection; one that does not answer any more is not waited for longer. */
const LEAVE_MS = 5_000;

/**
 * How to end a pool so that the server has let go of its connections when that is done. `pool.end()` itself waits for none of
 * them: the server lists them for some milliseconds more, and whoever must be alone on a database (a restore, a drop) is not.
 * @param pool that has no connection yet
 */
export function endingOf(pool: pg.Pool): () => Promise<void> {
  const open = new Set<pg.PoolClient>();
  pool.on("connect", (client) => void open.add(client));
  pool.on("remove", (client) => void open.delete(client));
  return async () => {
    await pool.end();
    if (open.size === 0) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, LEAVE_MS);
      pool.on("remove", () => {
        if (open.size > 0) return;
        clearTimeout(late);
        resolve();
      });
    });
  };
}
