import type { Hono } from "hono";
import type { AppEnv } from "../http/facts.ts";
import { HttpError } from "../http/problem.ts";
import { fileResponse, readFiles } from "./files.ts";

const NOT_BUILT = `Keyfold is running. Its panel is not built: run \`pnpm --filter @keyfold/web build\` and start again.
The API is at /api, its documentation at /api/docs.
`;

/**
 * The panel: its files, and for every other address a person may open its index.html, since the panel routes by
 * itself. Mounted last.
 */
export function mountPanel(app: Hono<AppEnv>, panelDir: string | null): void {
  const files = panelDir === null ? null : readFiles(panelDir);
  const index = files?.get("/index.html");
  app.get("*", (c) => {
    const facts = c.get("facts");
    const path = c.req.path;
    const file = files?.get(path);
    // The links' page is served at an origin of its own only.
    if (file !== undefined && !path.endsWith(".html")) {
      facts.route = file.immutable ? "/assets/*" : "/(file)";
      return fileResponse(file);
    }
    // A path that ends like a file's is one that is missing; but an environment may be named "v1.2".
    const isPage =
      path.startsWith("/t/") ||
      (!/^\/(api|trpc|session|healthz|readyz|metrics)(\/|$)/.test(path) && !/\.[a-z0-9]+$/i.test(path));
    if (!isPage && path !== "/index.html") throw new HttpError("no_route");
    facts.route = "/(panel)";
    if (index !== undefined) return fileResponse(index);
    if (path !== "/") throw new HttpError("no_route");
    return new Response(NOT_BUILT, { headers: { "content-type": "text/plain; charset=utf-8" } });
  });
}
