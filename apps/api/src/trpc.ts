import {
  type KeyfoldContext,
  KeyfoldError,
  type KeyfoldMeta,
  type KeyfoldServer,
  type RequestInfo,
} from "@keyfold/secrets";
import { initTRPC, type TRPCError } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import { readJson } from "./http/body.ts";
import type { AppContext } from "./http/facts.ts";
import { parseJson } from "./http/json-text.ts";
import type { BulkGate } from "./http/limits/bulk-gate.ts";
import { HttpError, type Refusal, refusalOf } from "./http/problem.ts";
import { bulkCalls, isLarge } from "./trpc/bulk-calls.ts";
import { valuesIn } from "./trpc/values-in.ts";
import { inputOf } from "./trpc/wire-input.ts";

/** Most calls in one batch. */
const MAX_BATCH = 50;

const ENDPOINT = "/trpc";

/**
 * superjson's wire format. What comes out is JSON already (moments are RFC 3339 texts), and superjson would refuse to
 * write a tag named `constructor`; what comes in is JSON too. So superjson itself runs in clients only.
 */
const transformer = {
  input: { serialize: (json: unknown) => ({ json }), deserialize: inputOf },
  output: { serialize: (json: unknown) => ({ json }), deserialize: inputOf },
};

/** Which request an error belongs to that happened before its context was made. */
const correlationIds = new WeakMap<TRPCError, string>();

const t = initTRPC
  .context<KeyfoldContext>()
  .meta<KeyfoldMeta>()
  .create({
    transformer,
    // A stream that says nothing could be one that was cut off: it says so every ten seconds.
    sse: { ping: { enabled: true, intervalMs: 10_000 }, client: { reconnectAfterInactivityMs: 25_000 } },
    // tRPC's own shape carries the message of whatever was thrown; ours carries our sentences only.
    errorFormatter({ error, ctx }) {
      const correlationId = ctx?.keyfold.correlationId ?? correlationIds.get(error) ?? "";
      return errorShape(refusalOfTrpc(error), error.code, correlationId);
    },
  });

function errorShape(refusal: Refusal, code: TRPCError["code"], correlationId: string) {
  const { message, issues, status } = refusal;
  const keyfold = { code: refusal.code, message, ...(issues === undefined ? {} : { issues }), correlationId };
  return { code: TRPC_ERROR_CODES_BY_KEY[code], message, data: { code, httpStatus: status, keyfold } };
}

/** What a tRPC error is in our words: ours where the domain threw it, else by tRPC's code. */
function refusalOfTrpc(error: TRPCError): Refusal {
  if (error.cause instanceof KeyfoldError || error.cause instanceof HttpError) return refusalOf(error.cause);
  switch (error.code) {
    case "NOT_FOUND":
      return refusalOf(new HttpError("no_route"));
    case "METHOD_NOT_SUPPORTED":
      return refusalOf(new HttpError("method_not_allowed"));
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
  /** Counts values before they are asked for. @throws HttpError `too_many_calls` */
  takeReveals(c: AppContext, values: number): Promise<void>;
  maxBodyBytes: number;
  /** Where calls with large answers wait for their turn. */
  gate: BulkGate;
  /** Told of every refusal, for log and counters. */
  onRefusal(c: AppContext, refusal: Refusal, error: unknown): void;
}

/** Serves the Keyfold router's procedures at /trpc, by their own paths: `secrets.reveal`. */
export function createTrpcHandler(options: TrpcOptions): (c: AppContext) => Promise<Response> {
  const { gate, maxBodyBytes, onRefusal, requestOf, takeReveals } = options;
  const router = t.router(options.keyfold.router._def.record);
  const known = (path: string): boolean => path in router._def.procedures;

  /** What tRPC would answer, for a request that it is not given: one error, which a batching client takes for all. */
  function refuse(c: AppContext, error: unknown): Response {
    const refusal = refusalOf(error);
    onRefusal(c, refusal, error);
    const code = BY_STATUS[refusal.status] ?? "INTERNAL_SERVER_ERROR";
    const shape = errorShape(refusal, code, c.get("facts").correlationId);
    return new Response(JSON.stringify({ error: { json: shape } }), {
      status: refusal.status,
      headers: { ...refusal.headers, "content-type": "application/json" },
    });
  }

  return async (c) => {
    const facts = c.get("facts");
    facts.route = `${ENDPOINT}/?`;
    const url = new URL(c.req.url);
    try {
      const paths = pathsOf(url);
      facts.route = routeOf(paths, known);
      // Asked first: nobody's body is read for nobody.
      const info = requestOf(c);
      let body: unknown;
      let inputs: unknown;
      if (c.req.method === "POST")
        inputs = body = await readJson(c.req.raw, maxBodyBytes, c.env?.incoming !== undefined);
      else if (url.searchParams.has("input")) inputs = parseJson(url.searchParams.get("input")!, "input");
      await takeReveals(c, valuesIn(paths, isBatch(url), inputs));
      // Waits after its body was read: who sends slowly holds up nobody else.
      const answer = () => answerTo(c, url, body, info);
      return await (isLarge(paths) ? gate.pass(answer) : answer());
    } catch (error) {
      return refuse(c, error);
    }
  };

  async function answerTo(c: AppContext, url: URL, body: unknown, info: RequestInfo): Promise<Response> {
    const { correlationId } = c.get("facts");
    const answer = await fetchRequestHandler({
      endpoint: ENDPOINT,
      router,
      req: plainRequest(c.req.raw, url, body),
      allowMethodOverride: true, // a query whose input is too long for a URL comes by POST
      createContext: () => ({ keyfold: info }),
      onError({ error }) {
        correlationIds.set(error, correlationId);
        onRefusal(c, refusalOfTrpc(error), error.cause);
      },
    });
    if (!answer.headers.get("content-type")?.startsWith(EVENT_STREAM))
      answer.headers.set("content-type", "application/json");
    return answer;
  }
}

const BY_STATUS: Readonly<Record<number, TRPCError["code"]>> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  413: "PAYLOAD_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
  429: "TOO_MANY_REQUESTS",
  503: "SERVICE_UNAVAILABLE",
};

const isBatch = (url: URL): boolean => url.searchParams.get("batch") === "1";

/**
 * The procedures that a request calls, exactly as tRPC will read them: it cuts off slashes at either end.
 * @throws KeyfoldError `bad_input` for a broken address or too large a batch
 */
function pathsOf(url: URL): string[] {
  const refused = (path: string, message: string) =>
    new KeyfoldError("bad_input", { issues: [{ path, message }] });
  let path: string;
  try {
    path = decodeURIComponent(url.pathname.slice(ENDPOINT.length).replace(/^\/|\/$/g, ""));
  } catch {
    throw refused("path", "is not a URL's path");
  }
  const paths = isBatch(url) ? path.split(",") : [path];
  if (paths.length > MAX_BATCH) throw refused("batch", `holds more than ${MAX_BATCH} calls`);
  if (bulkCalls(paths) > 1)
    throw refused(
      "batch",
      "holds more than one bulk call (secrets.revealMany, secrets.setMany): send each by itself",
    );
  return paths;
}

/** One template per procedure and one for all batches: metrics do not grow with what callers combine. */
function routeOf([first = "", ...rest]: string[], known: (path: string) => boolean): string {
  if (rest.length > 0) return `${ENDPOINT}/(batch)`;
  return `${ENDPOINT}/${known(first) ? first : "?"}`;
}

const EVENT_STREAM = "text/event-stream";
const JSON_ONLY = new Headers({ "content-type": "application/json" });

/** Where a browser's own EventSource goes on after it was cut off; tRPC's links say it in the input. */
const resumed = (lastEventId: string | null): Headers =>
  lastEventId === null
    ? JSON_ONLY
    : new Headers({ "content-type": "application/json", "last-event-id": lastEventId });

/**
 * What tRPC's handler reads of a request: its body as it was counted, checked and parsed already, and no header that
 * would switch on streaming or another body format.
 */
function plainRequest(request: Request, url: URL, body: unknown): Request {
  return {
    method: request.method,
    url: url.href,
    headers: resumed(request.headers.get("last-event-id")),
    signal: request.signal,
    json: async () => body,
  } as unknown as Request;
}
