import type { Hono, MiddlewareHandler } from "hono";
import type { AppEnv } from "./facts.ts";

/**
 * Sends the router past the same places with a dash for each part of the address that no route names: it keeps what the last
 * address held there until another comes by (Hono's TrieRouter). No address holds a value, but where somebody puts one by
 * mistake, it goes with its answer.
 */
export function forgetAddress(app: Hono<AppEnv>): MiddlewareHandler<AppEnv> {
  let named: ReadonlySet<string> | undefined;
  return async (c, next) => {
    await next();
    named ??= new Set(app.routes.flatMap(({ path }) => path.split("/")));
    const parts = c.req.path.split("/").map((part) => (named!.has(part) ? part : "-"));
    // HEAD is routed as GET.
    app.router.match(c.req.method === "HEAD" ? "GET" : c.req.method, parts.join("/"));
  };
}
