import type { HeaderSource } from "../http/client-address.ts";
import type { Facts } from "../http/facts.ts";
import { isOwnHost } from "../http/host-check.ts";
import { HEADERS_OF_JSON, HSTS } from "../http/security-headers.ts";

/** What every answer of JSON carries that may not be cached. */
export const HEADERS_OF_ALL: readonly string[] = [...HEADERS_OF_JSON.flat(), "cache-control", "no-store"];

/** Begins the headers of an answer of JSON with those that its request and its body say. */
export function headersOf(
  { headers, facts }: { headers: HeaderSource; facts: Facts },
  bytes: number,
): string[] {
  const of = ["x-correlation-id", facts.correlationId, "content-length", String(bytes)];
  if (facts.origin.https && !isOwnHost(headers.get("host"), null)) of.push("strict-transport-security", HSTS);
  return of;
}
