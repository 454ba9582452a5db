import type { InUse } from "@keyfold/client";
import { createSwappingPool, type SwappingPool, type SwappingPoolOptions } from "./swapping-pool.ts";

/** What of a tenant's client is needed: `keyfold.tenant("acme")`. */
export interface Uses {
  use(
    name: string,
    apply: (value: string) => Promise<void>,
    options: { stream: boolean; onError?: (error: unknown) => void },
  ): Promise<InUse>;
}

/**
 * A pool that follows a secret: it hears of a rotation within a moment, and Keyfold hears that this process has moved once
 * nothing of it uses the old login any more. With `gracePolicy: "acknowledgement"` the old login then ends by itself, with the
 * last process that moved.
 */
export async function createFollowingPool(
  tenant: Uses,
  name: string,
  options: Pick<SwappingPoolOptions, "pool" | "onProblem"> = {},
): Promise<SwappingPool> {
  const { onProblem } = options;
  let pool: SwappingPool | undefined;
  let url = "";
  const inUse = await tenant.use(
    name,
    async (value) => {
      url = value;
      pool ??= await createSwappingPool({ ...options, read: async () => url, everyMs: false });
      await pool.refresh();
      await pool.drained();
    },
    { stream: true, ...(onProblem === undefined ? {} : { onError: onProblem }) },
  );
  const followed = pool!;
  return {
    query: followed.query,
    get user() {
      return followed.user;
    },
    get ending() {
      return followed.ending;
    },
    drained: followed.drained,
    refresh: () => inUse.refresh(),
    async end() {
      await inUse.stop();
      await followed.end();
    },
  };
}
