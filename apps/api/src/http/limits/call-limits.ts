import { createHmac, createSecretKey, randomBytes } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { LRUCache } from "lru-cache";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { HeaderSource, Origin } from "../client-address.ts";
import { bearerOf, sessionCookie } from "../credential.ts";
import type { AppContext, AppEnv } from "../facts.ts";
import { HttpError } from "../problem.ts";
import { requestNotes } from "../request-notes.ts";

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

/** A call that was counted. */
export interface Counted {
  /** What its credential is remembered by; null: it came without one. */
  readonly credential: string | null;
  /** Whose that is, from an earlier call. */
  readonly known: Known | undefined;
  /** What it counted for. */
  readonly keys: readonly [Kind, string][];
  /** Whether the values that it asks for were counted as well. */
  values: boolean;
}

const counted = requestNotes<Counted>();

/** Notes that a request was counted before the app saw it. */
export const noteCounted = counted.note;

/** As what a request was counted already; undefined: it was not. */
export const countedOf = counted.of;

/**
 * Holds callers to so many calls a second, before anything is looked up for them: whoever sends ten times that costs
 * the others next to nothing. Whose credential it is, is remembered from its last call; a first one counts only.
 */
export class CallLimits {
  readonly #limiters = new Map<Kind, RateLimiterMemory>();
  readonly #reveals = new Map<Kind, RateLimiterMemory>();
  /** Where nothing is limited nobody need be known, and room for all of them takes a megabyte. */
  readonly #known: LRUCache<string, Known> | null;
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
    this.#known = this.any ? new LRUCache({ max: MOST_KNOWN }) : null;
  }

  get any(): boolean {
    return this.#limiters.size + this.#reveals.size > 0;
  }

  /** Counts a call. @throws HttpError `too_many_calls` */
  async take(origin: Origin, headers: HeaderSource): Promise<Counted> {
    const credential = this.#digestOf(origin, headers);
    const known = credential === null ? undefined : this.#known?.get(credential);
    const keys = this.#keysOf(origin, known);
    for (const [kind, key] of keys) await consume(this.#limiters.get(kind)!, key);
    return { credential, known, keys, values: false };
  }

  /**
   * Counts values that a call is about to be answered. Whoever asks for more at once than a second's worth is answered, and
   * waits for as many seconds as that was worth.
   * @returns false for whoever was not known before: for them it is to be counted once they are
   * @throws HttpError `too_many_calls`
   */
  async takeValues(call: Counted, values: number): Promise<boolean> {
    if (this.#reveals.size === 0 || values === 0 || call.values) return true;
    if (call.known === undefined) return false;
    call.values = true;
    await this.#countReveals(call.known, values);
    return true;
  }

  /**
   * The same for a call of the app. What was to be counted later is, and then nothing that is past the limit leaves: a session or
   * a token that is new is quickly made.
   * @throws HttpError `too_many_calls`
   */
  async takeReveals(c: AppContext, values: number): Promise<void> {
    const call = c.get("counted");
    if (call !== undefined && !(await this.takeValues(call, values)))
      c.get("facts").uncountedReveals += values;
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
      const call = countedOf(c.env?.incoming) ?? (await this.take(c.get("facts").origin, c.req.raw.headers));
      c.set("counted", call);
      await next();
      const { credential, known, keys } = call;
      const { actor, uncountedReveals } = c.get("facts");
      if (credential !== null && actor !== null && known === undefined) {
        const { type, id, tenant = null } = actor;
        // An operator who signed in is a person as well; a token's session is that token.
        const person = type !== "service_token" && c.req.raw.headers.get("authorization") === null;
        const now: Known = { kind: person ? "user" : "token", id, tenant };
        this.#known?.set(credential, now);
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

  #keysOf({ ip }: Origin, known: Known | undefined): [Kind, string][] {
    const keys: [Kind, string][] = ip === null ? [] : [["ip", ip]];
    if (known !== undefined) keys.push(...keysOf(known));
    return keys.filter(([kind]) => this.#limiters.has(kind));
  }

  #digestOf({ https }: Origin, headers: HeaderSource): string | null {
    const authorization = headers.get("authorization");
    // The token alone: its header can be spelt in as many ways as it has room for.
    const text = authorization === null ? sessionOf(headers, https) : (bearerOf(authorization) ?? null);
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
function sessionOf(headers: HeaderSource, https: boolean): string | null {
  try {
    return sessionCookie(headers, https);
  } catch {
    return null;
  }
}
