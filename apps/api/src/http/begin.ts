import type { BlockList, Socket } from "node:net";
import type { MiddlewareHandler } from "hono";
import { hotFailureOf } from "../hot/failure.ts";
import type { Logger } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";
import { discardBody } from "./body.ts";
import { type HeaderSource, originOf, type Peer } from "./client-address.ts";
import { correlationIdOf } from "./correlation.ts";
import type { AppEnv, Facts } from "./facts.ts";
import { isOwnHost } from "./host-check.ts";
import { HttpError, problemResponse, refusalOf } from "./problem.ts";
import { secure } from "./security-headers.ts";

export interface BeginOptions {
  log: Logger;
  metrics: Metrics;
  publicUrl: URL | null;
  trustedProxies: BlockList | null;
  /** Whether only loopback names and the public one are answered to. */
  checkHost: boolean;
}

/** Asked often, by machines, and of no interest in a log. */
const QUIET: ReadonlySet<string> = new Set(["/healthz", "/readyz", "/metrics"]);

/** The outermost middleware: finds the facts, puts the headers on every answer, logs and counts it. */
export function begin(options: BeginOptions): MiddlewareHandler<AppEnv> {
  const { checkHost, publicUrl } = options;
  return async (c, next) => {
    const start = performance.now();
    const incoming = c.env?.incoming;
    const facts = factsOf(c.req.raw.headers, peerOf(incoming?.socket), options);
    const failure = hotFailureOf(incoming);
    if (failure !== undefined) facts.correlationId = failure.correlationId;
    c.set("facts", facts);
    if (checkHost && !isOwnHost(c.req.header("host") ?? null, publicUrl?.host ?? null)) {
      // Answered here and not thrown: what follows must see the answer, too.
      const refusal = refusalOf(new HttpError("wrong_host"));
      facts.refusal = refusal.code;
      c.res = problemResponse(refusal, facts.correlationId);
    } else await next();
    await discardBody(c.req.raw);
    c.res.headers.set("x-correlation-id", facts.correlationId);
    secure(c.res.headers, facts.origin.https && !isOwnHost(c.req.header("host") ?? null, null), facts);
    answered(options, facts, c.req.method, c.res.status, performance.now() - start);
  };
}

/** Counts and logs a request that was answered. @param ms how long it took, in milliseconds */
export function answered(
  { log, metrics }: Pick<BeginOptions, "log" | "metrics">,
  facts: Facts,
  method: string,
  status: number,
  ms: number,
): void {
  metrics.request(method, facts.route, status, ms / 1000);
  const level = status >= 500 ? "error" : QUIET.has(facts.route) ? "debug" : "info";
  if (!log.isLevelEnabled(level)) return;
  const { route, correlationId, actor, refusal } = facts;
  const line: Record<string, string | number> = {
    method,
    route,
    status,
    ms: Math.round(ms * 100) / 100,
    correlationId,
  };
  if (actor !== null) line.actor = actor.id;
  if (refusal !== null) line.code = refusal;
  log[level](line, "answered");
}

/** What a request's headers and its connection say. */
export function factsOf(
  headers: HeaderSource,
  peer: Peer,
  { publicUrl, trustedProxies }: Pick<BeginOptions, "publicUrl" | "trustedProxies">,
): Facts {
  const host = headers.get("host");
  const origin = originOf(peer, headers, trustedProxies);
  // Who used the public name used the public scheme, whichever proxy took the TLS off.
  const https = origin.https || (publicUrl?.protocol === "https:" && host === publicUrl.host);
  return {
    correlationId: correlationIdOf(headers.get("x-correlation-id")),
    origin: https === origin.https ? origin : { ...origin, https },
    // Few ask: not made for every read.
    ownOrigins: () => [
      ...(host === null ? [] : [`${https ? "https" : "http"}://${host}`]),
      ...(publicUrl === null ? [] : [publicUrl.origin]),
    ],
    frames: [],
    documentation: false,
    route: "(none)",
    credential: null,
    refusedCredential: false,
    actor: null,
    uncountedReveals: 0,
    refusal: null,
  };
}

/** Who is at the other end of a socket, which may be a proxy. */
export function peerOf(socket: Socket | undefined): Peer {
  return {
    address: socket?.remoteAddress ?? null,
    encrypted: socket !== undefined && "encrypted" in socket && socket.encrypted === true,
  };
}
