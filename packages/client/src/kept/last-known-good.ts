import type { Place } from "../cache.ts";
import type { Clock } from "../clock.ts";
import type { Credential } from "../credentials.ts";
import type { KeyfoldClientError } from "../error.ts";
import type { Revealed } from "../router.ts";
import { type Held, held } from "../secret-value.ts";
import { KeptCopyRefused, type KeptUse, type LastKnownGoodOptions } from "./options.ts";
import { type CopyKeys, copyId, copyKeys, openCopy, sealCopy } from "./sealed-copy.ts";

const DAY_MS = 86_400_000;
/** After a failure the copies answer at once for so long, before the server is asked again. */
const REST_MS = 5_000;
/** A copy of a version that is kept already is written anew so often, so that it does not grow old. */
const REFRESH_MS = 5 * 60_000;
/** Clocks of one machine that is set right now and then. */
const AHEAD_MS = 5 * 60_000;
const KEYS_KEPT = 100;

interface Content {
  readonly at: number;
  readonly revealed: Revealed;
}

/** A use, and how the server is told of it. */
export interface Told extends KeptUse {
  readonly place: Place;
  readonly credential: Credential;
}

/**
 * The last value that the server gave of each secret that was opted in, sealed on this machine, for when the server cannot be
 * reached. A word of the server's that the secret is not to be had erases its copy.
 */
export class LastKnownGood {
  readonly #options: LastKnownGoodOptions;
  readonly #names: ReadonlySet<string>;
  readonly #bound: readonly string[];
  readonly #clock: Clock;
  readonly #keys = new Map<number, Promise<CopyKeys>>();
  readonly #written = new Map<string, { version: number; secret: string; at: number }>();
  readonly #uses = new Map<string, Told>();
  #restUntil = Number.NEGATIVE_INFINITY;
  #writing: Promise<unknown> = Promise.resolve();

  /** @throws TypeError */
  constructor(options: LastKnownGoodOptions, url: URL, clock: Clock) {
    if (options.key.length !== 32) throw new TypeError("The local key has 32 bytes.");
    if (options.host.length < 1 || options.host.length > 255)
      throw new TypeError("The host's name has 1 to 255 characters.");
    this.#options = { ...options, key: options.key.slice() };
    this.#names = new Set(options.secrets);
    this.#bound = [options.host, url.href];
    this.#clock = clock;
  }

  /** Whether this secret was opted in. */
  keeps(name: string): boolean {
    return this.#names.has(name);
  }

  /** Whether the server failed a moment ago, and copies answer before it is asked again. */
  get resting(): boolean {
    return this.#clock.now() < this.#restUntil;
  }

  /** Keeps what the server gave. Answers at once: a slow or broken store delays no read. */
  keep(credential: Credential, place: Place, revealed: Held): void {
    this.#restUntil = Number.NEGATIVE_INFINITY;
    // What its upstream gave is not the server's own, and what is in grace ends.
    if (!this.keeps(revealed.name) || revealed.version === 0 || revealed.openUntil !== null) return;
    this.#later(async () => {
      const { keys, id } = await this.#of(credential, place, revealed.name);
      const written = this.#written.get(id);
      const now = this.#clock.now();
      if (
        written?.version === revealed.version &&
        written.secret === revealed.id &&
        now - written.at < REFRESH_MS
      )
        return;
      const content: Content = { at: now, revealed: { ...revealed, ...revealed.value.unsafelyWire() } };
      await this.#options.store.write(id, await sealCopy(keys, this.#bound, id, content));
      this.#written.set(id, { version: revealed.version, secret: revealed.id, at: now });
    });
  }

  /**
   * The kept value of a secret, after the server failed; null where there is none that may be given out. Any other word of the
   * server's erases what it is about.
   */
  async instead(
    credential: Credential,
    place: Place,
    name: string,
    error: KeyfoldClientError,
  ): Promise<Held | null> {
    if (!isOutage(error)) {
      if (error.code === "unauthenticated") await this.#erase(null);
      else if (this.keeps(name) && isRefusal(error))
        await this.#erase((await this.#of(credential, place, name)).id);
      return null;
    }
    this.#restUntil = this.#clock.now() + REST_MS;
    return this.recall(credential, place, name, error.code);
  }

  /** The kept value, if there is one that may be given out. */
  async recall(
    credential: Credential,
    place: Place,
    name: string,
    because: KeptUse["because"],
  ): Promise<Held | null> {
    if (!this.keeps(name)) return null;
    try {
      await this.#writing; // what was just kept, too
      const { keys, id } = await this.#of(credential, place, name);
      const copy = await this.#options.store.read(id);
      if (copy === null) return null;
      const { at, revealed: copied } = (await openCopy(keys, this.#bound, id, copy)) as Content;
      const revealed = held(copied);
      const now = this.#clock.now();
      const useUntil = at + (this.#options.maxAgeMs ?? DAY_MS);
      if (at > now + AHEAD_MS) throw new KeptCopyRefused("from_the_future");
      if (now >= useUntil) throw new KeptCopyRefused("too_old");
      const { tenant } = place;
      const use = { tenant, name, version: revealed.version, at, useUntil, because };
      this.#uses.set(id, { ...use, place, credential });
      this.#options.onUse?.(use);
      return revealed;
    } catch (error) {
      this.#options.onError?.(error);
      return null;
    }
  }

  /** What was given out since the server failed, when it answers again; told once. */
  reconnected(): readonly Told[] {
    if (this.#uses.size === 0) return [];
    const told = [...this.#uses.values()];
    this.#uses.clear();
    this.#options.onReconnect?.(told.map(({ place: _, credential: __, ...use }) => use));
    return told;
  }

  failed(error: unknown): void {
    this.#options.onError?.(error);
  }

  /** Resolves when what was given to keep is in the store. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #erase(id: string | null): Promise<void> {
    this.#later(async () => {
      if (id === null) this.#written.clear();
      else this.#written.delete(id);
      await this.#options.store.erase(id);
    });
    await this.#writing;
  }

  /** One after the other: an erasure is never overtaken by what was kept before it. */
  #later(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work).catch((error: unknown) => this.#options.onError?.(error));
  }

  async #of(credential: Credential, place: Place, name: string): Promise<{ keys: CopyKeys; id: string }> {
    let keys = this.#keys.get(credential.number);
    if (keys === undefined) {
      keys = copyKeys(this.#options.key, credential.header());
      this.#keys.set(credential.number, keys);
      const oldest = this.#keys.keys().next().value;
      if (this.#keys.size > KEYS_KEPT && oldest !== undefined) this.#keys.delete(oldest);
    }
    const { tenant, project, environment } = place;
    return { keys: await keys, id: await copyId(await keys, [tenant, project, environment, name]) };
  }
}

/** Nobody answered, or somebody could not: nothing was said of the secret. A row that is not authentic is a word about it. */
function isOutage({ code, status }: KeyfoldClientError): boolean {
  if (code === "decryption_failed" || code === "integrity_failed") return false;
  return status === null ? code === "network" || code === "timeout" : status >= 500;
}

/** The server's word that this secret is not to be had by this token any more. */
function isRefusal({ code, status }: KeyfoldClientError): boolean {
  return (
    code !== "bad_answer" && (status === 403 || status === 404 || status === 410 || code === "secret_empty")
  );
}
