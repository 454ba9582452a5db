import type { Answer, Served } from "./serve-house.ts";

/** One tRPC call as it goes over the wire: superjson around the input, GET for a query and POST for a mutation. */
export function trpcCall(
  served: Served,
  kind: "query" | "mutation",
  path: string,
  input: unknown,
  token: string | null,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const sent = { json: input };
  if (kind === "mutation") return served.call(`/trpc/${path}`, { token, body: sent, headers });
  return served.call(`/trpc/${path}?input=${encodeURIComponent(JSON.stringify(sent))}`, { token, headers });
}
