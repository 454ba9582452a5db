import { createTRPCClient, httpLink, splitLink, type TRPCClient, type TRPCLink } from "@trpc/client";
import superjson from "superjson";
import { clientError } from "./answer-error.ts";
import type { ValueCache } from "./cache.ts";
import { cacheLink } from "./cache-link.ts";
import type { Clock } from "./clock.ts";
import { KeyfoldClientError } from "./error.ts";
import { type Fetch, namedFetch } from "./fetch.ts";
import { retryLink } from "./retry.ts";
import type { KeyfoldRouter } from "./router.ts";

export type Token = string | (() => string | Promise<string>);

export interface ConnectionOptions {
  url: URL;
  token: Token;
  fetch: Fetch;
  timeoutMs: number;
  retries: number;
  cache: ValueCache | null;
  clock: Clock;
}

/** Above this many characters of input a query is sent as POST: proxies and servers bound a URL's length. */
const LONGEST_QUERY = 1500;

/** The tRPC client that everything here calls through; its promises are rejected with `KeyfoldClientError` only. */
export function connection(options: ConnectionOptions): TRPCClient<KeyfoldRouter> {
  const http = {
    url: new URL("trpc", options.url).href,
    fetch: namedFetch(options.fetch, options.timeoutMs, options.clock),
    headers: async () => ({ authorization: `Bearer ${await currentToken(options.token)}` }),
    // The one cast: the router has no transformer of its own, the server that serves it brings superjson.
    transformer: superjson as never,
  };
  const links: TRPCLink<KeyfoldRouter>[] = [
    retryLink(options.retries, options.clock),
    splitLink({
      condition: ({ type, input }) =>
        type === "query" && JSON.stringify(input ?? null).length > LONGEST_QUERY,
      true: httpLink({ ...http, methodOverride: "POST" }),
      false: httpLink(http),
    }),
  ];
  if (options.cache !== null) links.unshift(cacheLink(options.cache));
  return withNamedErrors(createTRPCClient<KeyfoldRouter>({ links }));
}

/** @throws TypeError for a token that no header can hold: fetch's own error would quote it */
export function checkToken(token: string): string {
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new TypeError("The token is empty or holds characters that no token has.");
}

async function currentToken(token: Token): Promise<string> {
  if (typeof token === "string") return token;
  try {
    return checkToken(await token());
  } catch {
    throw new KeyfoldClientError("unauthenticated", { message: "The token function gave no token." });
  }
}

/** tRPC wraps what a link throws in an error of its own; callers get ours. */
function withNamedErrors<T extends object>(client: T): T {
  return new Proxy(client, {
    get(target, key) {
      const inner: unknown = Reflect.get(target, key);
      return typeof inner === "function" ? withNamedErrors(inner) : inner;
    },
    apply(target, self, args) {
      const called: unknown = Reflect.apply(target as never, self, args);
      return Promise.resolve(called).catch((error: unknown) => {
        throw clientError(error);
      });
    },
  });
}
