import { isKeyfoldError, type Keyfold } from "@keyfold/client";
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { secrets } from "./secrets.ts";
import { sign } from "./sign.ts";

type Values = Awaited<ReturnType<ReturnType<typeof tenantOf>["getAll"]>>;
const tenantOf = (keyfold: Keyfold) => keyfold.tenant(undefined, secrets);

/** Hono: a middleware reads all that was declared, in one call, and routes find it typed in their context. */
export const withSecrets = (keyfold: Keyfold) =>
  createMiddleware<{ Variables: { secrets: Values } }>(async (context, next) => {
    context.set("secrets", await tenantOf(keyfold).getAll());
    await next();
  });

export function createHonoApp(keyfold: Keyfold) {
  return new Hono()
    .use(withSecrets(keyfold))
    .post("/sign", async (context) => {
      const { SIGNING_KEY, ALLOWED_ORIGIN } = context.get("secrets");
      context.header("access-control-allow-origin", new URL(ALLOWED_ORIGIN).origin);
      return context.json({ signature: await sign(SIGNING_KEY, await context.req.text()) });
    })
    .onError((error, context) => {
      if (!isKeyfoldError(error)) throw error;
      return context.json({ error: "A secret cannot be had at the moment." }, 503);
    });
}
