import type { BlockList } from "node:net";
import { type KeyfoldServer, openAnswer, type RequestInfo, shownByLink } from "@keyfold/secrets";
import { Hono } from "hono";
import { answerErrors } from "../http/answer-errors.ts";
import { begin } from "../http/begin.ts";
import { bodyLimits, readJson } from "../http/body.ts";
import { createCallers } from "../http/callers.ts";
import { requirePanel } from "../http/credential.ts";
import type { AppEnv } from "../http/facts.ts";
import { forgetAddress } from "../http/forget-address.ts";
import { type CallLimitOptions, CallLimits } from "../http/limits/call-limits.ts";
import { GuessLimit } from "../http/limits/guess-limit.ts";
import { HttpError } from "../http/problem.ts";
import { UUID } from "../http/uuid.ts";
import type { Logger } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";
import { fileResponse, readFiles } from "../static/files.ts";

export interface LinksAppOptions {
  keyfold: Pick<KeyfoldServer, "links" | "noteStranger">;
  log: Logger;
  metrics: Metrics;
  /** The panel's built files, of which this serves the links' page and what it loads; null: none. */
  panelDir: string | null;
  /** Where browsers reach it. */
  origin: URL;
  trustedProxies?: BlockList | null;
  checkHost?: boolean;
  maxValueBytes?: number;
  limits?: CallLimitOptions;
}

/**
 * Everything that is at the links' origin: one page, what it loads, and three calls. No cookie is set or read here, and
 * nothing of the panel or the API is reached.
 */
export function createLinksApp(options: LinksAppOptions): Hono<AppEnv> {
  const { keyfold, log, metrics, origin, trustedProxies = null } = options;
  const callers = createCallers({
    guesses: new GuessLimit(),
    metrics,
    noteStranger: keyfold.noteStranger,
  });
  const files = options.panelDir === null ? null : readFiles(options.panelDir);
  const page = files?.get("/links.html");
  const app = new Hono<AppEnv>();
  app.use(forgetAddress(app));
  app.use(begin({ log, metrics, publicUrl: origin, trustedProxies, checkHost: options.checkHost ?? false }));
  answerErrors(app, log, (c, { code }) => {
    const facts = c.get("facts");
    facts.refusal = code;
    // Somebody who tries links is a stranger like one who tries tokens.
    if (code === "link_ended") keyfold.noteStranger(facts.origin.ip);
  });
  const limits = new CallLimits(options.limits ?? { token: null, user: null, tenant: null, ip: null });
  app.use("/l/*", limits.middleware());
  app.use("/links/*", limits.middleware());

  app.get("/l/:id", async (c) => {
    const facts = c.get("facts");
    facts.route = "/l/:id";
    const id = c.req.param("id");
    // One page for a link that there is and for one that there is not.
    facts.frames = UUID.test(id) ? await keyfold.links.frames(id).catch(none) : [];
    if (page === undefined) throw new HttpError("no_route");
    return fileResponse(page);
  });
  const open = async (request: RequestInfo, input: unknown) =>
    openAnswer(shownByLink, await keyfold.links.open(request, input));
  const maxBody = bodyLimits(options.maxValueBytes).single;
  for (const [name, run] of [
    ["look", keyfold.links.look],
    ["hand-in", keyfold.links.handIn],
    ["open", open],
  ] as const) {
    const path = `/links/${name}`;
    app.post(path, async (c) => {
      const facts = c.get("facts");
      facts.route = path;
      requirePanel(c.req.raw.headers, facts.ownOrigins());
      const body = await readJson(c.req.raw, maxBody);
      return Response.json(await run(callers.requestOfNobody(c, null), body));
    });
    app.all(path, (c) => {
      c.get("facts").route = path;
      throw new HttpError("method_not_allowed", { allow: "POST" });
    });
  }
  app.get("*", (c) => {
    const file = files?.get(c.req.path);
    if (file === undefined || c.req.path.endsWith(".html")) throw new HttpError("no_route");
    c.get("facts").route = file.immutable ? "/assets/*" : "/(file)";
    return fileResponse(file);
  });
  return app;
}

/** A page that cannot be framed is shown still, and says itself what is the matter. */
const none = (): readonly string[] => [];
