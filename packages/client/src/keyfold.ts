import type { TRPCClient } from "@trpc/client";
import { type CacheOptions, ValueCache } from "./cache.ts";
import { type Clock, systemClock } from "./clock.ts";
import { connection } from "./connection.ts";
import { Credentials, checkToken, type Token } from "./credentials.ts";
import type { Declarations, DeclaredSecrets, Undeclared } from "./declare.ts";
import { Feed, type FeedOptions } from "./feed.ts";
import type { Fetch } from "./fetch.ts";
import { LastKnownGood } from "./kept/last-known-good.ts";
import type { LastKnownGoodOptions } from "./kept/options.ts";
import { Reader } from "./reader.ts";
import type { KeyfoldRouter } from "./router.ts";
import { Tenant } from "./tenant.ts";

export interface KeyfoldOptions {
  /** Where Keyfold is, such as `https://keyfold.example`; with a path, where it is served under one. */
  url: string | URL;
  /**
   * A token, or a function that gives the one to use now. It is asked for every read, also of what is kept in memory:
   * what one token read is given out to that token only.
   */
  token: Token;
  /** The runtime's own by default. */
  fetch?: Fetch;
  /** Values given out lately, kept in memory: 1000 values, 16 MiB, 30 seconds by default; `false`: none. */
  cache?: false | CacheOptions;
  /** For one attempt, in milliseconds; 10 000 by default. */
  timeoutMs?: number;
  /** How many times more a call is sent that failed in passing and that can be repeated; 2 by default. */
  retries?: number;
  /** For every tenant, unless it says otherwise; by name or id. The token's only one by default, else `default`. */
  project?: string;
  /** For every tenant, unless it says otherwise; by name or id. The token's only one by default, else `dev`. */
  environment?: string;
  /**
   * What this process calls itself where it says which version it uses (`use`): 1 to 64 letters, digits or _.:-; random
   * by default. It tells one process of a consumer from another; who the consumer is, the token says.
   */
  instance?: string;
  /**
   * Keeps the last value of secrets that are named here, sealed on this machine, and gives it out while the server cannot be
   * reached. Nothing is kept by default. `@keyfold/client/node` has files for it.
   */
  lastKnownGood?: LastKnownGoodOptions;
  clock?: Clock;
}

export interface Keyfold {
  /**
   * A tenant, by slug or id; a service token's own when left out.
   * @param secrets what `defineSecrets` made: `get` is typed by it
   */
  tenant(tenant?: string): Tenant<Undeclared>;
  tenant<D extends Declarations>(tenant: string | undefined, secrets: DeclaredSecrets<D>): Tenant<D>;
  /** Everything else that the server can do, typed; nothing that it reads is cached. */
  readonly trpc: TRPCClient<KeyfoldRouter>;
  /** Forgets every value that is kept in memory. */
  clearCache(): void;
  /** Resolves when what was read is in the last-known-good store, if there is one: for the end of a program that is done soon. */
  settled(): Promise<void>;
}

/**
 * A client of one Keyfold. Connects to nothing before the first call.
 * @throws TypeError for an address or a token that cannot be one
 */
export function createKeyfold(options: KeyfoldOptions): Keyfold {
  const clock = options.clock ?? systemClock;
  const cache = options.cache === false ? null : new ValueCache(options.cache ?? {}, clock);
  if (typeof options.token !== "function") checkToken(options.token);
  const credentials = new Credentials(options.token);
  const via = {
    url: baseUrl(options.url),
    // Looked up at each call, and called as a plain function: some runtimes refuse it otherwise.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    timeoutMs: options.timeoutMs ?? 10_000,
  } satisfies Partial<FeedOptions>;
  const feeds = new Map<string | undefined, Feed>();
  const feed = (tenant: string | undefined): Feed => {
    const known = feeds.get(tenant) ?? new Feed({ ...via, credentials, cache, clock }, tenant);
    feeds.set(tenant, known);
    return known;
  };
  const trpc = connection({
    ...via,
    credentials,
    retries: options.retries ?? 2,
    cache,
    clock,
  });
  const instance = options.instance ?? crypto.randomUUID();
  if (!/^[A-Za-z0-9_.:-]{1,64}$/.test(instance))
    throw new TypeError("The instance must be 1 to 64 letters, digits or _.:- characters.");
  const { project, environment } = options;
  const kept =
    options.lastKnownGood === undefined ? null : new LastKnownGood(options.lastKnownGood, via.url, clock);
  const reader = new Reader({ trpc, cache, kept, instance });
  const place = {
    ...(project === undefined ? {} : { project }),
    ...(environment === undefined ? {} : { environment }),
  };
  return {
    trpc,
    tenant<D extends Declarations>(tenant?: string, secrets?: DeclaredSecrets<D>): Tenant<D> {
      return new Tenant(
        { trpc, reader, credentials, clock, feed, instance },
        tenant === undefined ? place : { tenant, ...place },
        secrets ?? null,
      );
    },
    clearCache: () => cache?.clear(),
    settled: async () => kept?.settled(),
  };
}

function baseUrl(given: string | URL): URL {
  const url = URL.canParse(String(given)) ? new URL(given) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw new TypeError("The url must be an http or https address.");
  // fetch would refuse it with a message that quotes it.
  if (url.username !== "" || url.password !== "")
    throw new TypeError("The url must hold no user or password.");
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
