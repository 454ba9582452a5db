import type { AddressInfo } from "node:net";
import { connectOver } from "@keyfold/db";
import { localRootKey } from "@keyfold/envelope";
import { createKeyfoldServer, type KeyfoldServer, requestInfo } from "@keyfold/secrets";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import type pg from "pg";
import { createAppRouter } from "./app-router.ts";
import type { Charge } from "./billing.ts";

export interface ShopOptions {
  /** The host's own pool, on a database with Keyfold's migrations, as the application's role. */
  pool: pg.Pool;
  /** 32 bytes. */
  rootKey: Uint8Array<ArrayBuffer>;
  charge: Charge;
  /** The host's own sign-in: who a session belongs to, and that customer's Keyfold token. */
  customerOf(session: string | undefined): { slug: string; token: string } | null;
}

export interface Shop {
  url: string;
  keyfold: KeyfoldServer;
  close(): Promise<void>;
}

/** Starts the shop on a free port of the loopback address. */
export async function openShop({ pool, rootKey, charge, customerOf }: ShopOptions): Promise<Shop> {
  const db = connectOver(pool);
  const keyfold = await createKeyfoldServer({ db, provider: localRootKey(rootKey), mayCreate: true });
  const server = createHTTPServer({
    router: createAppRouter(keyfold, charge),
    createContext({ req }) {
      const customer = customerOf(req.headers.cookie);
      return {
        customer: customer?.slug ?? "",
        keyfold: requestInfo({
          token: customer?.token ?? null,
          ip: req.socket.remoteAddress ?? null,
          userAgent: req.headers["user-agent"] ?? null,
        }),
      };
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keyfold,
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await keyfold.close();
      await db.close();
    },
  };
}
