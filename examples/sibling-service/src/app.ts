import { randomUUID } from "node:crypto";
import { isKeyfoldError, type Keyfold } from "@keyfold/client";
import { Hono } from "hono";
import { secrets } from "./secrets.ts";
import { sign } from "./sign.ts";

/** The service: it knows its tenant's name and a client, and reads what it needs when it needs it. */
export function createApp(keyfold: Keyfold, tenantSlug: string, now: () => Date = () => new Date()): Hono {
  const tenant = keyfold.tenant(tenantSlug, secrets);
  const app = new Hono();

  // Whether everything is there that this service needs: names what is not.
  app.get("/readyz", async (c) => {
    await tenant.getAll();
    return c.json({ ready: true });
  });

  // What would be sent to the tenant's customer: the body, and the headers that prove where it comes from.
  app.post("/deliveries", async (c) => {
    const body = await c.req.text();
    const id = `msg_${randomUUID()}`;
    const seconds = Math.floor(now().getTime() / 1000);
    const secret = await tenant.get("WEBHOOK_SIGNING_SECRET");
    const tolerance = await tenant.get("WEBHOOK_TOLERANCE_SECONDS");
    return c.json({
      headers: {
        "webhook-id": id,
        "webhook-timestamp": String(seconds),
        "webhook-signature": sign(secret, id, seconds, body),
      },
      body,
      validUntil: new Date((seconds + tolerance) * 1000).toISOString(),
    });
  });

  app.onError((error, c) => {
    // Keyfold's errors are safe to show: they name secrets and never hold a value.
    if (isKeyfoldError(error)) return c.json({ error: error.message, code: error.code }, 503);
    return c.json({ error: "Something went wrong." }, 500);
  });
  return app;
}
