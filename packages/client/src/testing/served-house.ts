import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { httpStatus, type KeyfoldContext, KeyfoldError, requestInfo } from "@keyfold/secrets";
import { type House, openHouse } from "@keyfold/secrets/testing";
import { initTRPC } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import superjson from "superjson";

/** A whole Keyfold behind HTTP on the loopback address: the least that speaks as the API does. */
export async function serveHouse(): Promise<{ url: string; house: House; close(): Promise<void> }> {
  const house = await openHouse();
  const t = initTRPC.context<KeyfoldContext>().create({
    transformer: superjson,
    errorFormatter({ shape, error }) {
      const { cause } = error;
      if (!(cause instanceof KeyfoldError)) return shape;
      const { code, message, issues } = cause;
      const keyfold = { code, message, ...(issues === undefined ? {} : { issues }), correlationId: "c-test" };
      return { ...shape, data: { ...shape.data, httpStatus: httpStatus(code), keyfold } };
    },
  });
  const router = t.router(house.server.router._def.record);
  const handle = (req: Request): Promise<Response> =>
    fetchRequestHandler({
      req,
      endpoint: "/trpc",
      router,
      allowMethodOverride: true,
      createContext: () => {
        const token = req.headers.get("authorization")?.replace(/^Bearer /, "") ?? null;
        return { keyfold: requestInfo({ token, userAgent: "test" }) };
      },
    });
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const started = serve({ fetch: handle, hostname: "127.0.0.1", port: 0 }, () => resolve(started));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    house,
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await house.close();
    },
  };
}
