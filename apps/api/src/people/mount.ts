import type { KeyfoldServer } from "@keyfold/secrets";
import type { Hono } from "hono";
import { readJson } from "../http/body.ts";
import type { Callers } from "../http/callers.ts";
import { requirePanel } from "../http/credential.ts";
import type { AppEnv } from "../http/facts.ts";
import { HttpError } from "../http/problem.ts";
import { PEOPLE_ROUTES } from "./routes.ts";

const MAX_BODY_BYTES = 16 * 1024;

/** Mounts what people do about themselves: JSON in and out, from the panel's own origin and with its header only. */
export function mountPeople(
  app: Hono<AppEnv>,
  options: { keyfold: Pick<KeyfoldServer, "people">; callers: Callers },
): void {
  const { callers, keyfold } = options;
  const { people } = keyfold;
  for (const { method, path, who, run } of PEOPLE_ROUTES)
    app.on(method, path, async (c) => {
      const facts = c.get("facts");
      facts.route = path;
      requirePanel(c.req.raw.headers, facts.ownOrigins());
      const body = method === "POST" ? await readJson(c.req.raw, MAX_BODY_BYTES) : undefined;
      const request =
        who === "asker"
          ? callers.requestOfAsker(c)
          : who === "nobody"
            ? callers.requestOfNobody(c, null)
            : callers.requestWithSession(c);
      return run({ c, people, callers, request, body });
    });
  for (const path of new Set(PEOPLE_ROUTES.map((route) => route.path)))
    app.all(path, (c) => {
      c.get("facts").route = path;
      const allow = PEOPLE_ROUTES.filter((route) => route.path === path).map((route) => route.method);
      throw new HttpError("method_not_allowed", { allow: allow.join(", ") });
    });
}
