import { serve } from "@hono/node-server";
import type { Hono } from "hono";

/** Serves an app to whoever started this process (`startChild`), who is told where, until it is told to end. */
export function serveAsChild(app: Hono, stop: () => Promise<void> = async () => {}): void {
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) =>
    console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` })),
  );
  process.on("SIGTERM", () => {
    server.close();
    void stop();
  });
}
