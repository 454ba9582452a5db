import { KeyfoldError, type RequestInfo } from "@keyfold/secrets";
import { initTRPC } from "@trpc/server";
import superjson from "superjson";

/** The host's own context; Keyfold's procedures read what stands under `keyfold`, and nothing else. */
export interface ShopContext {
  /** The customer that the request belongs to, as the host's own sign-in found it. */
  customer: string;
  keyfold: RequestInfo;
}

export const t = initTRPC.context<ShopContext>().create({
  transformer: superjson,
  errorFormatter({ shape, error }) {
    const { cause } = error;
    const keyfold = cause instanceof KeyfoldError ? cause.code : null;
    return { ...shape, data: { ...shape.data, shop: { keyfold } } };
  },
});
