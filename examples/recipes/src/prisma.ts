import type { Keyfold } from "@keyfold/client";

/** What is needed of a Prisma client. */
interface Disconnecting {
  $disconnect(): Promise<void>;
}

export interface FollowingClient<C> {
  /** The client to use now: not to be held on to. */
  readonly client: C;
  /** Looks for another connection string now. */
  refresh(): Promise<void>;
  end(): Promise<void>;
}

/**
 * Prisma: a client that follows its connection string, under whatever name it is kept. A new client is made, and has answered,
 * before the old one is let go; Keyfold is told that this process uses the new version, so the old one's grace can end.
 * @param make for example `(connectionString) => new PrismaClient({ adapter: new PrismaPg({ connectionString }) })`
 * @param isReady asks it something, such as `(prisma) => prisma.$queryRaw`SELECT 1``
 */
export async function followDatabaseUrl<C extends Disconnecting>(
  keyfold: Keyfold,
  name: string,
  make: (connectionString: string) => C,
  isReady: (client: C) => Promise<unknown>,
  options: { everyMs?: number | false; onError?: (error: unknown) => void } = {},
): Promise<FollowingClient<C>> {
  let current: C | undefined;
  const inUse = await keyfold.tenant().use(
    name,
    async (connectionString) => {
      const next = make(connectionString);
      try {
        await isReady(next);
      } catch (error) {
        await next.$disconnect();
        throw error; // the one before stays in use, and this is tried again
      }
      const old = current;
      current = next;
      // It waits for the queries that it runs.
      await old?.$disconnect();
    },
    options,
  );
  return {
    get client() {
      return current!;
    },
    refresh: () => inUse.refresh(),
    async end() {
      await inUse.stop();
      await current?.$disconnect();
    },
  };
}
