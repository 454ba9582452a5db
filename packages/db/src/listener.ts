import pg from "pg";

export interface ListenerOptions {
  /** A direct connection: a pooler in transaction mode loses LISTEN. */
  url: string;
  channel: string;
  onMessage(payload: string): void;
  /** Told when the connection is there and when it is lost; while it is lost, messages are missed. */
  onState?(listening: boolean): void;
  /** Waits before a new attempt, in milliseconds; doubles up to 30 seconds. */
  retryMs?: number;
}

export interface Listener {
  stop(): Promise<void>;
}

/**
 * Listens for PostgreSQL's notifications on a connection of its own, and connects again when that is lost. What is
 * told here is a hint, which may come late or never: nothing may be wrong without it, only slower.
 */
export function listen(options: ListenerOptions): Listener {
  const { url, channel, onMessage, onState, retryMs = 250 } = options;
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let wait = retryMs;

  async function connect(): Promise<void> {
    const mine = new pg.Client({
      connectionString: url,
      application_name: "keyfold listener",
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    client = mine;
    const lost = () => {
      if (client !== mine) return;
      client = null;
      onState?.(false);
      if (stopped) return;
      timer = setTimeout(() => void connect(), wait);
      timer.unref();
      wait = Math.min(wait * 2, 30_000);
    };
    mine.on("error", lost);
    mine.on("end", lost);
    mine.on("notification", ({ payload }) => onMessage(payload ?? ""));
    try {
      await mine.connect();
      await mine.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      wait = retryMs;
      onState?.(true);
    } catch {
      await mine.end().catch(() => {});
      lost();
    }
  }

  void connect();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}
