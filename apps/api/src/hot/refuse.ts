import type { IncomingMessage, ServerResponse } from "node:http";
import { answered, type BeginOptions } from "../http/begin.ts";
import type { HeaderSource } from "../http/client-address.ts";
import type { Facts } from "../http/facts.ts";
import { PROBLEM_TYPE, problemText, refusalOf } from "../http/problem.ts";
import { HEADERS_OF_ALL, headersOf } from "./headers.ts";

/** A request that is answered without the app. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  headers: HeaderSource;
  facts: Facts;
  /** When it came, by `performance.now()`. */
  start: number;
}

/** Refuses as the app would: the same body, the same headers, a line in the log and one more in the metrics. */
export function answerRefusal(
  options: Pick<BeginOptions, "log" | "metrics">,
  exchange: Exchange,
  error: unknown,
): void {
  const { request, response, facts, start } = exchange;
  const refusal = refusalOf(error);
  const body = problemText(refusal, facts.correlationId);
  facts.refusal = refusal.code;
  response.writeHead(refusal.status, [
    ...headersOf(exchange, Buffer.byteLength(body)),
    ...Object.entries(refusal.headers).flat(),
    "content-type",
    PROBLEM_TYPE,
    ...HEADERS_OF_ALL,
  ]);
  response.end(body);
  answered(options, facts, request.method ?? "", refusal.status, performance.now() - start);
}
