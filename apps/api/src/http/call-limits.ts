import { createHmac, createSecretKey, randomBytes } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { LRUCache } from "lru-cache";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { bearerOf, sessionCookie } from "./credential.ts";
import type { AppContext, AppEnv } from "./facts.ts";
import { HttpError } from "./problem.ts";

/** Calls a second, in each process; null: as many as they like. */
export interface CallLimitOptions {
  token: number | null;
  user: number | null;
  tenant: number | null;
  ip: number | null;
  /** Values a second, beside the calls that ask for them; null: as many as they like. */
  reveals?: RevealLimitOptions;
}

export interface RevealLimitOptions {
  token: number | null;
  user: number | null;
  tenant: number | null;
}

/** What a call that is refused counts for: who tries what they may not is slowed down sooner. */
const REFUSED_POINTS = 5;
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404]);
const MOST_KNOWN = 50_000;

type Kind = keyof CallLimitOptions;
type Known = { kind: "token" | "user"; id: string; tenant: string | null };

/**
 * Holds callers to so many calls a second, before anything is looked up for them: whoever sends ten times that costs
 * the others next to nothing. Whose credential it is, is remembered from its last call; a first one counts only.
 */
export class CallLimits {
  readonly #limiters = new Map<Kind, RateLimiterMemory>();
  readonly #reveals = new Map<Kind, RateLimiterMemory>();
  readonly #known = new LRUCache<string, Known>({ max: MOST_KNOWN });
  /** Of this process only: what is remembered of a credential tells nothing to who reads the memory later. */
  readonly #key = createSecretKey(randomBytes(32));

  constructor(options: CallLimitOptions) {
    for (const kind of ["token", "user", "tenant", "ip"] as const) {
      const points = options[kind];
      if (points !== null)
        this.#limiters.set(kind, new RateLimiterMemory({ keyPrefix: kind, points, duration: 1 }));
    }
    for (const kind of ["token", "user", "tenant"] as const) {
      const points = options.reveals?.[kind] ?? null;
      if (points !== null)
        this.#reveals.set(kind, new RateLimiterMemory({ keyPrefix: `reveals ${kind}`, points, duration: 1 }));
    }
  }

  get any(): boolean {
    return this.#limiters.size + this.#reveals.size > 0;
  }

  /**
   * Counts values that a call is about to be answered. Whoever asks for more at once than a second's worth is answered, and
   * waits for as many seconds as that was worth. For whoever was not known before, it is counted once they are, and then
   * nothing that is past the limit leaves: a session or a token that is new is quickly made.
   * @throws HttpError `too_many_calls`
   */
  async takeReveals(c: AppContext, values: number): Promise<void> {
    if (this.#reveals.size === 0 || values === 0) return;
    const credential = this.#digestOf(c);
    const known = credential === null ? undefined : this.#known.get(credential);
    if (known === undefined) {
      c.get("facts").uncountedReveals += values;
      return;
    }
    await this.#countReveals(known, values);
  }

  /** @throws HttpError `too_many_calls` */
  async #countReveals(known: Known, values: number): Promise<void> {
    const keys = keysOf(known).filter(([kind]) => this.#reveals.has(kind));
    for (const [kind, key] of keys) await consume(this.#reveals.get(kind)!, key);
    if (values === 1) return;
    for (const [kind, key] of keys) {
      const limiter = this.#reveals.get(kind)!;
      const { consumedPoints } = await limiter.penalty(key, values - 1);
      if (consumedPoints > limiter.points)
        await limiter.block(key, Math.ceil(consumedPoints / limiter.points));
    }
  }

  /** @throws HttpError `too_many_calls` */
  middleware(): MiddlewareHandler<AppEnv> {
    return async (c, next) => {
      if (!this.any) return next();
      const credential = this.#digestOf(c);
      const known = credential === null ? undefined : this.#known.get(credential);
      const keys = this.#keysOf(c, known);
      for (const [kind, key] of keys) await consume(this.#limiters.get(kind)!, key);
      await next();
      const { actor, uncountedReveals } = c.get("facts");
      if (credential !== null && actor !== null && known === undefined) {
        const { type, id, tenant = null } = actor;
        // An operator who signed in is a person as well; a token's session is that token.
        const person = type !== "service_token" && c.req.raw.headers.get("authorization") === null;
        const now: Known = { kind: person ? "user" : "token", id, tenant };
        this.#known.set(credential, now);
        if (uncountedReveals > 0)
          await this.#countReveals(now, uncountedReveals).catch((refused: unknown) => {
            // Nothing of the answer goes out, its headers neither.
            c.res = undefined;
            throw refused;
          });
      }
      if (REFUSALS.has(c.res.status))
        for (const [kind, key] of keys) await this.#limiters.get(kind)!.penalty(key, REFUSED_POINTS - 1);
    };
  }

  #keysOf(c: AppContext, known: Known | undefined): [Kind, string][] {
    const { ip } = c.get("facts").origin;
    const keys: [Kind, string][] = ip === null ? [] : [["ip", ip]];
    if (known !== undefined) keys.push(...keysOf(known));
    return keys.filter(([kind]) => this.#limiters.has(kind));
  }

  #digestOf(c: AppContext): string | null {
    const { headers } = c.req.raw;
    const authorization = headers.get("authorization");
    // The token alone: its header can be spelt in as many ways as it has room for.
    const text =
      authorization === null
        ? sessionOf(headers, c.get("facts").origin.https)
        : (bearerOf(authorization) ?? null);
    return text === null ? null : createHmac("sha256", this.#key).update(text).digest("base64");
  }
}

const keysOf = ({ kind, id, tenant }: Known): [Kind, string][] =>
  tenant === null
    ? [[kind, id]]
    : [
        [kind, id],
        ["tenant", tenant],
      ];

/** @throws HttpError `too_many_calls` */
async function consume(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    const seconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
    throw new HttpError("too_many_calls", { "retry-after": String(seconds) });
  }
}

/** Two cookies are refused by whoever looks at them in earnest. */
function sessionOf(headers: Headers, https: boolean): string | null {
  try {
    return sessionCookie(headers, https);
  } catch {
    return null;
  }
}
