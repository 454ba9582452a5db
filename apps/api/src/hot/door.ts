import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type KeyfoldServer, openAnswer } from "@keyfold/secrets";
import { answered, type BeginOptions, factsOf, peerOf } from "../http/begin.ts";
import type { Callers } from "../http/callers.ts";
import { isOwnHost } from "../http/host-check.ts";
import { HSTS, SECURITY_HEADERS } from "../http/security-headers.ts";
import { noteHotFailure } from "./failure.ts";
import { RawHeaders } from "./raw-headers.ts";
import { type HotRead, hotReads } from "./reads.ts";

export interface HotDoorOptions extends BeginOptions {
  keyfold: Pick<KeyfoldServer, "invokeWarm">;
  callers: Pick<Callers, "hotRequestOf">;
}

/** Stands before an app, and answers of what comes to it what it can answer at once. */
export type HotDoor = (app: RequestListener) => RequestListener;

const SAME: readonly string[] = [...SECURITY_HEADERS.flat(), "cache-control", "no-store"];

/**
 * The fast way for warm reads: from Node's own request to Node's own response, without a Request, a Response and a router
 * between, which together cost several times what the read does. It holds no rule of its own: whatever is not a plain
 * read by a token that this process remembers goes to the app untouched, and so does every refusal.
 */
export function createHotDoor(options: HotDoorOptions): HotDoor {
  const readOf = hotReads();
  return (app) => (request, response) => {
    const read = isPlain(request) ? readOf(request.url!) : null;
    const headers = read === null ? null : RawHeaders.of(request.rawHeaders);
    if (read === null || headers === null) return app(request, response);
    return void answer(options, read, headers, request, response).then((done) => {
      if (!done) app(request, response);
    });
  };
}

/** A GET without a body. */
const isPlain = ({ method, headers }: IncomingMessage): boolean =>
  method === "GET" && headers["content-length"] === undefined && headers["transfer-encoding"] === undefined;

/** Whether it was answered. Never throws. */
async function answer(
  options: HotDoorOptions,
  read: HotRead,
  headers: RawHeaders,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const { publicUrl, checkHost } = options;
  const start = performance.now();
  let correlationId = "";
  try {
    const host = headers.get("host");
    if (host === null || headers.has("idempotency-key") || headers.has("if-none-match")) return false;
    if (checkHost && !isOwnHost(host, publicUrl?.host ?? null)) return false;
    const facts = factsOf(headers, peerOf(request.socket), options);
    facts.route = read.route;
    correlationId = facts.correlationId;
    const info = options.callers.hotRequestOf(facts, headers);
    if (info === null) return false;
    const warm = await options.keyfold.invokeWarm(read.verb, info, read.input);
    if (warm === null) return false;
    const output: unknown = openAnswer(read.verb, warm);
    // A text, and not its bytes: Node then sends it with its head in one piece.
    const body = read.body(output);
    const tag = read.tag(output);
    const more = facts.origin.https && !isOwnHost(host, null) ? ["strict-transport-security", HSTS] : [];
    response.writeHead(200, [
      ...read.headers,
      "content-length",
      String(Buffer.byteLength(body)),
      "x-correlation-id",
      correlationId,
      ...(tag === null ? [] : ["etag", tag]),
      ...SAME,
      ...more,
    ]);
    response.end(body);
    answered(options, facts, "GET", 200, performance.now() - start);
    return true;
  } catch (error) {
    if (response.headersSent) return true;
    noteHotFailure(request, { error, correlationId });
    return false;
  }
}
