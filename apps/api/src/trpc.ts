import {
  type KeyfoldContext,
  KeyfoldError,
  type KeyfoldMeta,
  type KeyfoldServer,
  type RequestInfo,
} from "@keyfold/secrets";
import { initTRPC, TRPCError } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import superjson, { type SuperJSONResult } from "superjson";
import { readJson } from "./http/body.ts";
import type { AppContext } from "./http/facts.ts";
import { parseJson } from "./http/json-text.ts";
import { HttpError, type Refusal, refusalOf } from "./http/problem.ts";

/** Most calls in one batch. */
export const MAX_BATCH = 50;

const ENDPOINT = "/trpc";

/**
 * superjson's wire format. What comes out is JSON already (moments are RFC 3339 texts), and superjson would refuse to
 * write a tag named `constructor`; so only what comes in goes through it, and only where it carries types of its own.
 */
const transformer = {
  input: {
    serialize: (value: unknown) => superjson.serialize(value),
    deserialize: (sent: SuperJSONResult) =>
      sent?.meta === undefined ? sent?.json : superjson.deserialize(sent),
  },
  output: {
    serialize: (json: unknown) => ({ json }),
    deserialize: (sent: SuperJSONResult) => superjson.deserialize(sent),
  },
};

/** Which request an error belongs to that happened before its context was made. */
const correlationIds = new WeakMap<TRPCError, string>();

const t = initTRPC
  .context<KeyfoldContext>()
  .meta<KeyfoldMeta>()
  .create({
    transformer,
    // tRPC's own shape carries the message of whatever was thrown; ours carries our sentences only.
    errorFormatter({ shape, error, ctx }) {
      const { code, status, message, issues } = refusalOfTrpc(error);
      const correlationId = ctx?.keyfold.correlationId ?? correlationIds.get(error) ?? null;
      const keyfold = { code, message, ...(issues === undefined ? {} : { issues }), correlationId };
      return { code: shape.code, message, data: { code: shape.data.code, httpStatus: status, keyfold } };
    },
  });

/** What a tRPC error is in our words: ours where the domain threw it, else by tRPC's code. */
export function refusalOfTrpc(error: TRPCError): Refusal {
  if (error.cause instanceof KeyfoldError || error.cause instanceof HttpError) return refusalOf(error.cause);
  switch (error.code) {
    case "NOT_FOUND":
      return refusalOf(new HttpError("no_route"));
    case "METHOD_NOT_SUPPORTED":
      return refusalOf(new HttpError("method_not_allowed"));
    case "UNSUPPORTED_MEDIA_TYPE":
      return refusalOf(new HttpError("not_json"));
    case "BAD_REQUEST":
    case "PARSE_ERROR":
      return refusalOf(new KeyfoldError("bad_input"));
    default:
      return refusalOf(error);
  }
}

export interface TrpcOptions {
  keyfold: Pick<KeyfoldServer, "router">;
  /** Who calls, from the request's own facts. @throws HttpError */
  requestOf(c: AppContext): RequestInfo;
  maxBodyBytes: number;
  /** Told of every refusal, for log and counters. */
  onRefusal(c: AppContext, refusal: Refusal, error: unknown): void;
}

/** Serves the Keyfold router's procedures at /trpc, by their own paths: `secrets.reveal`. */
export function createTrpcHandler(options: TrpcOptions): (c: AppContext) => Promise<Response> {
  const router = t.router(options.keyfold.router._def.record);
  const { procedures } = router._def;
  return async (c) => {
    const facts = c.get("facts");
    const url = new URL(c.req.url);
    const paths = pathsOf(url);
    facts.route = routeOf(paths, (path) => path in procedures);
    let failed: unknown = null;
    let body: unknown;
    let info: RequestInfo | null = null;
    try {
      if (paths.length > MAX_BATCH)
        throw new KeyfoldError("bad_input", {
          issues: [{ path: "batch", message: `holds more than ${MAX_BATCH} calls` }],
        });
      if (c.req.method === "POST") body = await readJson(c.req.raw, options.maxBodyBytes);
      else if (url.searchParams.has("input")) parseJson(url.searchParams.get("input")!, "input");
      info = options.requestOf(c);
    } catch (error) {
      failed = error;
    }
    // An error found here is told in tRPC's own shape, which clients understand: as the answer to its first call.
    if (failed !== null) url.search = url.searchParams.get("batch") === "1" ? "?batch=1" : "";
    if (failed !== null && paths.length > MAX_BATCH) url.pathname = `${ENDPOINT}/batch`;
    return fetchRequestHandler({
      endpoint: ENDPOINT,
      router,
      req: plainRequest(c.req.raw, url, body),
      maxBatchSize: MAX_BATCH,
      allowMethodOverride: true, // a query whose input is too long for a URL comes by POST
      createContext() {
        if (info === null) throw new TRPCError({ code: "BAD_REQUEST", cause: failed as Error });
        return { keyfold: info };
      },
      onError({ error }) {
        correlationIds.set(error, facts.correlationId);
        options.onRefusal(c, refusalOfTrpc(error), error.cause);
      },
    });
  };
}

function pathsOf(url: URL): string[] {
  const path = url.pathname.slice(ENDPOINT.length + 1);
  let decoded = "?";
  try {
    decoded = decodeURIComponent(path);
  } catch {
    // tRPC refuses it below.
  }
  return url.searchParams.get("batch") === "1" ? decoded.split(",") : [decoded];
}

/** One template per procedure and one for all batches: metrics do not grow with what callers combine. */
function routeOf([first, ...rest]: string[], known: (path: string) => boolean): string {
  if (rest.length > 0) return `${ENDPOINT}/(batch)`;
  return `${ENDPOINT}/${first !== undefined && known(first) ? first : "?"}`;
}

const JSON_ONLY = new Headers({ "content-type": "application/json" });

/**
 * What tRPC's handler reads of a request: its body as it was counted, checked and parsed already, and no header that
 * would switch on streaming or another body format.
 */
function plainRequest(request: Request, url: URL, body: unknown): Request {
  return {
    method: request.method,
    url: url.href,
    headers: JSON_ONLY,
    signal: request.signal,
    json: async () => body,
  } as unknown as Request;
}
