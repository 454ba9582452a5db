import pg from "pg";

export interface SwappingPoolOptions {
  /** Reads the connection string to use now. */
  read(): Promise<string>;
  /** How often it is read, in milliseconds; 5000 by default, much shorter than a version's grace. False: by `refresh` only. */
  everyMs?: number | false;
  /** For each pool. */
  pool?: Omit<pg.PoolConfig, "connectionString">;
  /** Told when the connection string could not be read, or does not log in: the pool goes on as it was. */
  onProblem?: (error: unknown) => void;
}

export interface SwappingPool {
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<pg.QueryResult<Row>>;
  /** The user that new queries run as. */
  readonly user: string;
  /** Reads the connection string now, and swaps where it has changed. */
  refresh(): Promise<void>;
  /** Pools that end when their last query has. */
  readonly ending: number;
  /** Resolves once these have ended: nothing uses an older connection string then. */
  drained(): Promise<void>;
  end(): Promise<void>;
}

/** A pool, and how many queries were given to it and have not ended. */
interface Current {
  pool: pg.Pool;
  url: string;
  underWay: number;
  /** Told when the last query has ended. */
  idle: (() => void) | null;
}

/** A pool that follows its connection string: queries that have begun end where they began, new ones go to the new pool. */
export async function createSwappingPool(options: SwappingPoolOptions): Promise<SwappingPool> {
  let current = await loggedIn(await options.read());
  let refreshing: Promise<void> | null = null;
  const ending = new Set<Promise<void>>();

  /** A pool that has logged in once: a wrong connection string is found before any query goes there. */
  async function loggedIn(url: string): Promise<Current> {
    const pool = new pg.Pool({ ...options.pool, connectionString: url });
    pool.on("error", () => {}); // an idle connection that ends is replaced by the next query
    try {
      (await pool.connect()).release();
      return { pool, url, underWay: 0, idle: null };
    } catch (error) {
      await pool.end();
      throw error;
    }
  }

  async function swap(): Promise<void> {
    const url = await options.read();
    if (url === current.url) return;
    const old = current;
    current = await loggedIn(url);
    const end = endIdle(old).finally(() => ending.delete(end));
    ending.add(end);
  }

  const refresh = (): Promise<void> => {
    refreshing ??= swap().finally(() => {
      refreshing = null;
    });
    return refreshing;
  };
  const { everyMs = 5_000 } = options;
  const again = () => void refresh().catch((error: unknown) => options.onProblem?.(error));
  const timer = everyMs === false ? undefined : setInterval(again, everyMs);

  return {
    async query(sql, values) {
      const used = current;
      used.underWay++;
      try {
        return await used.pool.query(sql, values);
      } finally {
        if (--used.underWay === 0) used.idle?.();
      }
    },
    get user() {
      return decodeURIComponent(new URL(current.url).username);
    },
    get ending() {
      return ending.size;
    },
    async drained() {
      await Promise.all(ending);
    },
    refresh,
    async end() {
      clearInterval(timer);
      await refreshing?.catch(() => {});
      await Promise.all([endIdle(current), ...ending]);
    },
  };
}

/** Ends a pool after its last query: one that still waits for a connection would wait for ever in a pool that is ending. */
async function endIdle(old: Current): Promise<void> {
  if (old.underWay > 0)
    await new Promise<void>((resolve) => {
      old.idle = resolve;
    });
  await old.pool.end();
}
