import {
  createTRPCClient,
  httpLink,
  type Operation,
  splitLink,
  type TRPCClient,
  type TRPCLink,
} from "@trpc/client";
import superjson from "superjson";
import { clientError } from "./answer-error.ts";
import type { ValueCache } from "./cache.ts";
import { cacheLink } from "./cache-link.ts";
import type { Clock } from "./clock.ts";
import { Credential, type Credentials } from "./credentials.ts";
import { type Fetch, namedFetch } from "./fetch.ts";
import { retryLink } from "./retry.ts";
import type { KeyfoldRouter } from "./router.ts";

export interface ConnectionOptions {
  url: URL;
  credentials: Credentials;
  fetch: Fetch;
  timeoutMs: number;
  retries: number;
  cache: ValueCache | null;
  clock: Clock;
}

/** What a call can say of itself: whose token it is sent with, where that was asked for already. */
export interface CallContext extends Record<string, unknown> {
  credential?: Credential;
  /** Which process reads, where it will say what it uses. */
  instance?: string;
}

/**
 * What the server speaks. Inputs are plain JSON, and go out so: superjson would say, too, which objects two items of a
 * call share, and the server takes no such word.
 */
const transformer = {
  input: { serialize: (json: unknown) => ({ json }), deserialize: superjson.deserialize },
  output: superjson,
};

/** Above this many characters of input a query is sent as POST: proxies and servers bound a URL's length. */
const LONGEST_QUERY = 1500;

/** The tRPC client that everything here calls through; its promises are rejected with `KeyfoldClientError` only. */
export function connection(options: ConnectionOptions): TRPCClient<KeyfoldRouter> {
  const http = {
    url: new URL("trpc", options.url).href,
    fetch: namedFetch(options.fetch, options.timeoutMs, options.clock),
    headers: async ({ op }: { op: Operation }) => {
      const { credential, instance } = op.context as CallContext;
      const used = credential instanceof Credential ? credential : await options.credentials.current();
      return {
        authorization: used.header(),
        ...(typeof instance === "string" ? { "keyfold-instance": instance } : {}),
      };
    },
    // The one cast: the router has no transformer of its own, the server that serves it brings superjson.
    transformer: transformer as never,
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
