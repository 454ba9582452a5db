import type { IncomingMessage, ServerResponse } from "node:http";
import { answered, type BeginOptions } from "../http/begin.ts";
import type { HeaderSource } from "../http/client-address.ts";
import type { Facts } from "../http/facts.ts";
import { isOwnHost } from "../http/host-check.ts";
import { PROBLEM_TYPE, problemText, refusalOf } from "../http/problem.ts";
import { HSTS, SECURITY_HEADERS } from "../http/security-headers.ts";

/** A request that is answered without the app. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  headers: HeaderSource;
  facts: Facts;
  /** When it came, by `performance.now()`. */
  start: number;
}

/** What every answer carries that may not be cached. */
const ALWAYS: readonly string[] = [...SECURITY_HEADERS.flat(), "cache-control", "no-store"];

/** The headers that an answer to this request has whatever it says. */
export const headersOfAll = ({ headers, facts }: Pick<Exchange, "headers" | "facts">): string[] => {
  const hsts = facts.origin.https && !isOwnHost(headers.get("host"), null);
  const more = hsts ? ["strict-transport-security", HSTS] : [];
  return ["x-correlation-id", facts.correlationId, ...ALWAYS, ...more];
};

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
    ...Object.entries(refusal.headers).flat(),
    "content-type",
    PROBLEM_TYPE,
    "content-length",
    String(Buffer.byteLength(body)),
    ...headersOfAll(exchange),
  ]);
  response.end(body);
  answered(options, facts, request.method ?? "", refusal.status, performance.now() - start);
}
