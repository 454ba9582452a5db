import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type KeyfoldServer, openAnswer } from "@keyfold/secrets";
import { answered, type BeginOptions, factsOf, peerOf } from "../http/begin.ts";
import { type CallLimits, countedOf } from "../http/call-limits.ts";
import type { Callers } from "../http/callers.ts";
import type { Facts } from "../http/facts.ts";
import { isOwnHost } from "../http/host-check.ts";
import { HttpError } from "../http/problem.ts";
import { valuesAskedFor } from "../http/reveals.ts";
import { noteHotFailure } from "./failure.ts";
import { RawHeaders } from "./raw-headers.ts";
import { type HotRead, hotReads } from "./reads.ts";
import { answerRefusal, headersOfAll } from "./refuse.ts";

export interface HotDoorOptions extends BeginOptions {
  keyfold: Pick<KeyfoldServer, "invokeWarm">;
  callers: Pick<Callers, "hotRequestOf">;
  /** Null: calls are not limited. */
  limits: Pick<CallLimits, "takeValues"> | null;
}

/** Stands before an app, and answers of what comes to it what it can answer at once. */
export type HotDoor = (app: RequestListener) => RequestListener;

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
  let facts: Facts | undefined;
  try {
    const host = headers.get("host");
    if (host === null || headers.has("idempotency-key") || headers.has("if-none-match")) return false;
    if (checkHost && !isOwnHost(host, publicUrl?.host ?? null)) return false;
    facts = factsOf(headers, peerOf(request.socket), options);
    facts.route = read.route;
    const info = options.callers.hotRequestOf(facts, headers);
    if (info === null) return false;
    if (options.limits !== null && !(await takeValues(options.limits, request, read))) return false;
    const warm = await options.keyfold.invokeWarm(read.verb, info, read.input);
    if (warm === null) return false;
    const output: unknown = openAnswer(read.verb, warm);
    // A text, and not its bytes: Node then sends it with its head in one piece.
    const body = read.body(output);
    const tag = read.tag(output);
    response.writeHead(200, [
      ...read.headers,
      "content-length",
      String(Buffer.byteLength(body)),
      ...(tag === null ? [] : ["etag", tag]),
      ...headersOfAll({ headers, facts }),
    ]);
    response.end(body);
    answered(options, facts, "GET", 200, performance.now() - start);
    return true;
  } catch (error) {
    if (response.headersSent) return true;
    if (facts === undefined) return false;
    if (error instanceof HttpError) {
      answerRefusal(options, { request, response, headers, facts, start }, error);
      return true;
    }
    noteHotFailure(request, { error, correlationId: facts.correlationId });
    return false;
  }
}

/**
 * Counts the value that a read asks for.
 * @returns false for whoever was not known when the call was counted: the app then notes who they are
 * @throws HttpError `too_many_calls`
 */
async function takeValues(
  limits: NonNullable<HotDoorOptions["limits"]>,
  request: IncomingMessage,
  { verb, input }: HotRead,
): Promise<boolean> {
  const counted = countedOf(request);
  return counted?.known !== undefined && limits.takeValues(counted, valuesAskedFor(verb, input));
}
