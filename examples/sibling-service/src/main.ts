import { serve } from "@hono/node-server";
import { createKeyfold } from "@keyfold/client";
import { createApp } from "./app.ts";

const { KEYFOLD_URL, KEYFOLD_TOKEN, KEYFOLD_TENANT, PORT = "4500" } = process.env;
if (!KEYFOLD_URL || !KEYFOLD_TOKEN || !KEYFOLD_TENANT)
  throw new Error("Set KEYFOLD_URL, KEYFOLD_TOKEN and KEYFOLD_TENANT.");

const keyfold = createKeyfold({ url: KEYFOLD_URL, token: KEYFOLD_TOKEN });
const { fetch } = createApp(keyfold, KEYFOLD_TENANT);
const server = serve({ fetch, hostname: "127.0.0.1", port: Number(PORT) }, ({ port }) => {
  console.log(`Signing webhooks at http://127.0.0.1:${port}`);
});
process.once("SIGTERM", () => server.close());
