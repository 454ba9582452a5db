import type { RequestListener } from "node:http";
import type { BlockList } from "node:net";
import { KeyfoldError, type KeyfoldServer } from "@keyfold/secrets";
import { Hono } from "hono";
import { mountFederation } from "./federation/mount.ts";
import type { Readiness } from "./health.ts";
import { createHotDoor, type HotDoor } from "./hot/door.ts";
import { createLimitDoor, LIMITED } from "./hot/limit-door.ts";
import { answerErrors, logStranger } from "./http/answer-errors.ts";
import { begin } from "./http/begin.ts";
import { bodyLimits } from "./http/body.ts";
import { createCallers } from "./http/callers.ts";
import type { AppEnv } from "./http/facts.ts";
import { forgetAddress } from "./http/forget-address.ts";
import { BulkGate } from "./http/limits/bulk-gate.ts";
import { type CallLimitOptions, CallLimits } from "./http/limits/call-limits.ts";
import { GuessLimit } from "./http/limits/guess-limit.ts";
import type { Logger } from "./observe/log.ts";
import type { Metrics } from "./observe/metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { mountOperations } from "./operations.ts";
import { mountPeople } from "./people/mount.ts";
import { mountRest } from "./rest/mount.ts";
import { mountSession } from "./session.ts";
import { mountDocs } from "./static/docs.ts";
import { mountPanel } from "./static/panel.ts";
import { createTrpcHandler } from "./trpc.ts";

export interface AppOptions {
  keyfold: KeyfoldServer;
  log: Logger;
  metrics: Metrics;
  readiness(): Promise<Readiness>;
  /** The panel's built files; null: none. */
  panelDir?: string | null;
  /** Where browsers reach it, when that is not this very server. */
  publicUrl?: URL | null;
  /** Whose forwarded headers are believed. Nobody's by default. */
  trustedProxies?: BlockList | null;
  /** Whether only loopback names and the public one are answered to: for a server on the loopback address. */
  checkHost?: boolean;
  /** Most bytes of one value, decoded; what a body may hold follows from it. 1 MiB by default. */
  maxValueBytes?: number | undefined;
  guesses?: GuessLimit;
  /** How many calls a second are taken of whom; of everybody as many as they like by default. */
  limits?: CallLimitOptions;
  /** Where calls with large answers wait for their turn, however they come. */
  gate?: BulkGate;
}

/** The app, and what answers warm reads, and calls past their limit, before it does. */
export type App = Hono<AppEnv> & { readonly hot: HotDoor };

/** The whole HTTP surface as one function from request to answer. Opens nothing: everything comes as an argument. */
export function createApp(options: AppOptions): App {
  const { keyfold, log, metrics, readiness, publicUrl = null, trustedProxies = null } = options;
  const guesses = options.guesses ?? new GuessLimit();
  const gate = options.gate ?? new BulkGate();
  const callers = createCallers({ guesses, metrics, noteStranger: keyfold.noteStranger });
  const maxBodyBytes = bodyLimits(options.maxValueBytes);

  const app = new Hono<AppEnv>();
  const beginning = { log, metrics, publicUrl, trustedProxies, checkHost: options.checkHost ?? false };
  app.use(forgetAddress(app));
  app.use(begin(beginning));
  answerErrors(app, log, callers.refused);

  const limits = new CallLimits(options.limits ?? { token: null, user: null, tenant: null, ip: null });
  for (const way of LIMITED) app.use(`/${way}/*`, limits.middleware());
  mountOperations(app, { keyfold, callers, metrics, readiness });
  mountPeople(app, { keyfold, callers });
  mountSession(app, { keyfold, callers });
  mountFederation(app, { keyfold, callers });
  let document: string | undefined;
  app.get("/api/openapi.json", (c) => {
    c.get("facts").route = "/api/openapi.json";
    // Made for the first who asks: most processes are never asked, and it would cost each a part of its start.
    document ??= JSON.stringify(openApiDocument(publicUrl?.origin ?? "/"));
    return new Response(document, { headers: { "content-type": "application/json" } });
  });
  mountDocs(app);
  const takeReveals = limits.takeReveals.bind(limits);
  mountRest(app, { keyfold, requestOf: callers.requestOf, takeReveals, maxBodyBytes, gate });
  const trpc = createTrpcHandler({
    keyfold,
    requestOf: callers.requestOf,
    takeReveals,
    maxBodyBytes: maxBodyBytes.bulk,
    gate,
    onRefusal(c, refusal, error) {
      callers.refused(c, refusal);
      if (refusal.code === "internal" && !(error instanceof KeyfoldError))
        logStranger(log, c.get("facts").correlationId, error);
    },
  });
  app.all("/trpc/*", trpc);
  mountPanel(app, options.panelDir ?? null);
  const reads = createHotDoor({ ...beginning, keyfold, callers, limits: limits.any ? limits : null });
  const counts = createLimitDoor({ ...beginning, limits });
  return Object.assign(app, { hot: limits.any ? (next: RequestListener) => counts(reads(next)) : reads });
}
