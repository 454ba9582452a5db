import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type KeyfoldServer, openAnswer } from "@keyfold/secrets";
import { answered, type BeginOptions, factsOf, peerOf } from "../http/begin.ts";
import type { Callers } from "../http/callers.ts";
import type { Facts } from "../http/facts.ts";
import { isOwnHost } from "../http/host-check.ts";
import { type CallLimits, countedOf } from "../http/limits/call-limits.ts";
import { valuesAskedFor } from "../http/limits/reveals.ts";
import { HttpError } from "../http/problem.ts";
import { noteHotFailure } from "./failure.ts";
import { headersOf } from "./headers.ts";
import { RawHeaders } from "./raw-headers.ts";
import { type HotRead, hotReads } from "./reads.ts";
import { answerRefusal } from "./refuse.ts";

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
 * read by a token that this process remembers goes to the app untouched, and so does every refusal but a limit's.
 */
export function createHotDoor(options: HotDoorOptions): HotDoor {
  const readOf = hotReads();
  return (app) => (request, response) => {
    const read = isPlain(request) ? readOf(request.url!) : null;
    const headers = read === null ? null : RawHeaders.of(request);
    if (read === null || headers === null) return app(request, response);
    return void answer(options, app, { read, headers, request, response });
  };
}

/** A GET without a body. */
const isPlain = ({ method, headers }: IncomingMessage): boolean =>
  method === "GET" && headers["content-length"] === undefined && headers["transfer-encoding"] === undefined;

interface Call {
  read: HotRead;
  headers: RawHeaders;
  request: IncomingMessage;
  response: ServerResponse;
}

/** Answers it, or hands it to the app. Never throws. */
async function answer(options: HotDoorOptions, app: RequestListener, call: Call): Promise<void> {
  const { read, headers, request, response } = call;
  const start = performance.now();
  let facts: Facts | null = null;
  try {
    facts = factsOfRead(options, call);
    const info = facts === null ? null : options.callers.hotRequestOf(facts, headers);
    if (facts !== null && info !== null) {
      const { limits, keyfold } = options;
      const isCounted = limits === null || (await takeValues(limits, request, read));
      const warm = isCounted ? await keyfold.invokeWarm(read.verb, info, read.input) : null;
      if (warm !== null) {
        // A text, and not its bytes: Node then sends it with its head in one piece.
        const { body, tag } = read.written(openAnswer(read.verb, warm));
        const bytes = Buffer.byteLength(body);
        const its = headersOf({ headers, facts }, bytes);
        if (tag !== null) its.push("etag", tag);
        response.writeHead(200, its.concat(read.headers));
        // As long in bytes as in characters, it is ASCII, and needs no look at each character once more.
        response.end(body, bytes === body.length ? "latin1" : "utf8");
        return answered(options, facts, "GET", 200, performance.now() - start);
      }
    }
  } catch (error) {
    if (response.headersSent) return;
    if (facts !== null && error instanceof HttpError)
      return answerRefusal(options, { request, response, headers, facts, start }, error);
    if (facts !== null) noteHotFailure(request, { error, correlationId: facts.correlationId });
  }
  app(request, response);
}

/** @returns null where it asks for more than the answer, or of a host that is not ours */
function factsOfRead(options: HotDoorOptions, { read, headers, request }: Call): Facts | null {
  const { publicUrl, checkHost } = options;
  const host = headers.get("host");
  if (host === null || headers.has("idempotency-key") || headers.has("if-none-match")) return null;
  if (checkHost && !isOwnHost(host, publicUrl?.host ?? null)) return null;
  const facts = factsOf(headers, peerOf(request.socket), options);
  facts.route = read.route;
  return facts;
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
