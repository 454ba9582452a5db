import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { DomainLog } from "../flow/services.ts";
import { type PublicJwk, usableKeys } from "./jwks.ts";
import type { KeySource } from "./schema.ts";

/** How an issuer's documents are fetched: from addresses that tenants configure, so by whoever guards what is connected to. */
export interface IssuerFetch {
  /** Why nothing is ever fetched from there, in a sentence for whoever configures it; null: it may be. */
  refusal(url: string): string | null;
  /** Never rejects. The answer is whole and no larger than asked for. */
  get(
    url: string,
    maxBytes: number,
  ): Promise<{ readonly status: number; readonly body: Buffer } | { readonly failure: string }>;
}

/** How long keys are taken for the issuer's without asking again, in milliseconds. */
const FRESH_MS = 10 * 60_000;
/** How long they still are while the issuer cannot be reached. */
const STALE_MS = 60 * 60_000;
/** How soon it is asked again for a key that it did not show: whoever makes up key ids does not make us ask for each. */
const UNKNOWN_KEY_MS = 30_000;
/** How soon it is asked again after it could not be reached. */
const FAILED_MS = 10_000;
const MOST_BYTES = 256 * 1024;

interface Entry {
  keys: readonly PublicJwk[];
  fetchedAt: number;
  failedAt: number;
  fetching: Promise<void> | null;
}

/** The public keys of issuers: fetched when they are needed, remembered for minutes, bounded in number and size. */
export class IssuerKeys {
  readonly #fetch: IssuerFetch;
  readonly #log: DomainLog;
  readonly #steady: () => number;
  readonly #entries = new LRUCache<string, Entry>({ max: 200 });

  constructor(fetch: IssuerFetch, log: DomainLog, steady: () => number = () => performance.now()) {
    this.#fetch = fetch;
    this.#log = log;
    this.#steady = steady;
  }

  refusal(url: string): string | null {
    return this.#fetch.refusal(url);
  }

  /**
   * The keys of an issuer.
   * @param kid the key that is looked for: where it is not among those that are remembered, the issuer is asked again
   * @returns null where the issuer cannot be reached and none are remembered
   */
  async keysOf(
    issuer: string,
    source: KeySource,
    kid: string | undefined,
  ): Promise<readonly PublicJwk[] | null> {
    if (source.from === "given") return source.jwks.keys;
    const name = source.from === "url" ? `url ${source.url}` : `issuer ${issuer}`;
    const entry = this.#entry(name);
    if (this.#isDue(entry, kid)) {
      entry.fetching ??= this.#refresh(entry, issuer, source).finally(() => {
        entry.fetching = null;
      });
      await entry.fetching;
    }
    return this.#steady() - entry.fetchedAt < STALE_MS ? entry.keys : null;
  }

  #entry(name: string): Entry {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const entry: Entry = { keys: [], fetchedAt: -Infinity, failedAt: -Infinity, fetching: null };
    this.#entries.set(name, entry);
    return entry;
  }

  #isDue(entry: Entry, kid: string | undefined): boolean {
    const now = this.#steady();
    if (now - entry.failedAt < FAILED_MS) return false;
    const age = now - entry.fetchedAt;
    if (age >= FRESH_MS) return true;
    return kid !== undefined && age >= UNKNOWN_KEY_MS && !entry.keys.some((key) => key.kid === kid);
  }

  async #refresh(entry: Entry, issuer: string, source: KeySource): Promise<void> {
    const keys = await this.#fetched(issuer, source);
    if (typeof keys === "string") {
      entry.failedAt = this.#steady();
      this.#log.warn({ code: "unauthenticated", issuer, why: keys }, "an issuer's keys could not be fetched");
    } else {
      entry.keys = keys;
      entry.fetchedAt = this.#steady();
      entry.failedAt = -Infinity;
    }
  }

  /** @returns why not, in a word or two of ours */
  async #fetched(issuer: string, source: KeySource): Promise<readonly PublicJwk[] | string> {
    let url: string;
    if (source.from === "url") url = source.url;
    else {
      const found = await this.#json(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
      if (typeof found === "string") return found;
      const document = z
        .object({ issuer: z.literal(issuer), jwks_uri: z.string().max(2048) })
        .safeParse(found.json);
      // OpenID Connect Discovery 1.0, section 4.3: the document's issuer is the one that was asked for.
      if (!document.success) return "no discovery document of this issuer";
      url = document.data.jwks_uri;
    }
    const set = await this.#json(url);
    if (typeof set === "string") return set;
    return usableKeys(set.json) ?? "no JWK set";
  }

  async #json(url: string): Promise<{ json: unknown } | string> {
    if (this.#fetch.refusal(url) !== null) return "refused_target";
    const answer = await this.#fetch.get(url, MOST_BYTES);
    if ("failure" in answer) return answer.failure;
    if (answer.status !== 200) return `status ${answer.status}`;
    try {
      return { json: JSON.parse(answer.body.toString("utf8")) };
    } catch {
      return "no JSON";
    }
  }
}
