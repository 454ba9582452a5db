import { KeyfoldError, type KeyfoldServer } from "@keyfold/secrets";
import type { Hono } from "hono";
import { z } from "zod";
import { readJson } from "./http/body.ts";
import type { Callers } from "./http/callers.ts";
import { requirePanel, sessionCookie } from "./http/credential.ts";
import type { AppContext, AppEnv } from "./http/facts.ts";
import { HttpError } from "./http/problem.ts";
import { cookieHeader } from "./people/cookie.ts";
import { signIn } from "./people/routes.ts";

const withToken = z.strictObject({ token: z.string().min(1).max(600) });
const MAX_BODY_BYTES = 4096;

export interface SessionOptions {
  keyfold: Pick<KeyfoldServer, "startSession" | "endSession" | "people">;
  callers: Callers;
}

/**
 * The panel's session: a token or a password goes in once, and what the browser keeps is a cookie that no script can read.
 * POST /session {token} or {email, password, code}, and DELETE /session, all 204.
 */
export function mountSession(app: Hono<AppEnv>, { keyfold, callers }: SessionOptions): void {
  app.use("/session", async (c, next) => {
    const facts = c.get("facts");
    facts.route = "/session";
    requirePanel(c.req.raw.headers, facts.ownOrigins());
    await next();
  });

  app.post("/session", async (c) => {
    const body = await readJson(c.req.raw, MAX_BODY_BYTES);
    if (typeof body === "object" && body !== null && "email" in body)
      return signIn({ c, people: keyfold.people, callers, body });
    const parsed = withToken.safeParse(body);
    if (!parsed.success)
      throw new KeyfoldError("bad_input", { issues: [{ path: "token", message: "is not a token" }] });
    const { secret, expiresAt, actor } = await keyfold.startSession(callers.requestWith(c, parsed.data));
    c.get("facts").actor = { type: actor.type, id: actor.id };
    return answer(c, secret, expiresAt);
  });

  app.delete("/session", async (c) => {
    const session = sessionCookie(c.req.raw.headers, c.get("facts").origin.https);
    if (session !== null) await keyfold.endSession(callers.requestWith(c, { session }));
    return answer(c, "", new Date(0));
  });

  app.all("/session", () => {
    throw new HttpError("method_not_allowed", { allow: "POST, DELETE" });
  });
}

function answer(c: AppContext, secret: string, expires: Date): Response {
  return new Response(null, { status: 204, headers: { "set-cookie": cookieHeader(c, secret, expires) } });
}
