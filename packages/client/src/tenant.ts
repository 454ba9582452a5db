import type { TRPCClient } from "@trpc/client";
import { bytesOf, textOf, toWire, wireText } from "./bytes.ts";
import type { Place } from "./cache.ts";
import type { Clock } from "./clock.ts";
import type { Credential, Credentials } from "./credentials.ts";
import { type Declarations, type DeclaredSecrets, matched, type NameIn, type ValueOf } from "./declare.ts";
import type { KeyfoldClientError } from "./error.ts";
import type { Feed } from "./feed.ts";
import { Listing } from "./listing.ts";
import type {
  ChangeOptions,
  DeleteOptions,
  ListOptions,
  ReadOptions,
  RotateOptions,
  WriteOptions,
} from "./options.ts";
import type { Reader } from "./reader.ts";
import type { KeyfoldRouter, SecretDetail, SecretView, SetResult, VersionView } from "./router.ts";
import type { Held } from "./secret-value.ts";
import { isAboutOneSecret, unusable } from "./unusable.ts";
import { type Applying, type InUse, type UseOptions, use } from "./use.ts";
import { type Watch, type WatchOptions, watch } from "./watch.ts";

/** How many reveals run at once while `getAll` finds out which of its names are to blame. */
const AT_ONCE = 8;

/** What a tenant's calls go through. */
export interface Via {
  readonly trpc: TRPCClient<KeyfoldRouter>;
  readonly reader: Reader;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** A tenant's stream of changes: one for all who watch it. */
  feed(tenant: string | undefined): Feed;
  /** What this process calls itself. */
  readonly instance: string;
}

/**
 * One tenant's secrets, in one project and environment: what most code needs, one line each. Every call is rejected
 * with `KeyfoldClientError` and nothing else.
 */
export class Tenant<D extends Declarations> {
  readonly #via: Via;
  readonly #trpc: TRPCClient<KeyfoldRouter>;
  readonly #reader: Reader;
  readonly #place: Place;
  readonly #declared: DeclaredSecrets<D> | null;

  constructor(via: Via, place: Place, declared: DeclaredSecrets<D> | null) {
    this.#via = via;
    this.#trpc = via.trpc;
    this.#reader = via.reader;
    this.#place = place;
    this.#declared = declared;
  }

  /** The same tenant in another project, by name or id. */
  project(project: string): Tenant<D> {
    return new Tenant(this.#via, { ...this.#place, project }, this.#declared);
  }

  /** The same tenant in another environment, by name or id. */
  environment(environment: string): Tenant<D> {
    return new Tenant(this.#via, { ...this.#place, environment }, this.#declared);
  }

  /**
   * A secret's current value: text, or what its declaration makes of it.
   * @throws KeyfoldClientError `not_found`, `secret_empty`, `value_invalid`, …
   */
  async get<N extends NameIn<D>>(name: N, options: ReadOptions = {}): Promise<ValueOf<D, N>> {
    return matched(
      this.#declared,
      name,
      textOf(name, (await this.#reader.one(this.#place, name, options, await this.#credential())).value),
    );
  }

  /** A secret's current value as bytes, whether it was set as text or as bytes. Its declaration is not asked. */
  async getBytes(name: NameIn<D>, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    return bytesOf((await this.#reader.one(this.#place, name, options, await this.#credential())).value);
  }

  /** Up to 500 secrets' current values in one call, all or nothing. */
  async getMany<N extends NameIn<D>>(
    names: readonly N[],
    options: ReadOptions = {},
  ): Promise<{ [K in N]: ValueOf<D, K> }> {
    const found = await this.#reader.many(this.#place, names, options, await this.#credential());
    const entries = names.map(async (name) => {
      return [name, await matched(this.#declared, name, textOf(name, found.get(name)!.value))] as const;
    });
    return Object.fromEntries(await Promise.all(entries)) as { [K in N]: ValueOf<D, K> };
  }

  /**
   * Every declared secret at once: what a service asks for when it starts.
   * @throws KeyfoldClientError whose `issues` name every secret that is missing, refused or does not match
   */
  async getAll(options: ReadOptions = {}): Promise<{ [N in NameIn<D>]: ValueOf<D, N> }> {
    if (this.#declared === null)
      throw new TypeError("getAll needs a declaration: keyfold.tenant(slug, defineSecrets({ … })).");
    const { names } = this.#declared;
    if (names.length === 0) return {} as { [N in NameIn<D>]: ValueOf<D, N> };
    // One token for all: values of two tenants never stand in one answer.
    const credential = await this.#credential();
    // One call; only when it is refused, one each, to learn whose fault it is.
    const found = await this.#reader.many(this.#place, names, options, credential).catch((error: unknown) => {
      if (isAboutOneSecret(error)) return null;
      throw error;
    });
    const values = new Map<string, unknown>();
    const problems = new Map<string, KeyfoldClientError>();
    const one = async (name: NameIn<D>): Promise<void> => {
      try {
        const revealed = found?.get(name) ?? (await this.#reader.one(this.#place, name, options, credential));
        values.set(name, await matched(this.#declared, name, textOf(name, revealed.value)));
      } catch (error) {
        if (!isAboutOneSecret(error)) throw error;
        problems.set(name, error);
      }
    };
    for (let at = 0; at < names.length; at += AT_ONCE)
      await Promise.all(names.slice(at, at + AT_ONCE).map(one));
    if (problems.size > 0) throw unusable(names, problems);
    return Object.fromEntries(values) as { [N in NameIn<D>]: ValueOf<D, N> };
  }

  /**
   * Calls `onChange` with the value that is current now, and again each time another one is, one call at a time. Learns of
   * changes by a stream, within a moment; where there is none, it asks every 30 seconds. Each time `onChange` has returned,
   * Keyfold is told that this process uses that version (`acknowledge: false`: it is not). Ends with `stop()`.
   */
  watch<N extends NameIn<D>>(
    name: N,
    onChange: (value: ValueOf<D, N>, about: { version: number }) => void | Promise<void>,
    options: WatchOptions = {},
  ): Watch {
    const { clock, feed, instance } = this.#via;
    const { tenant } = this.#place;
    return watch<Held>(
      {
        name,
        clock,
        feed: feed(tenant),
        read: async () =>
          this.#reader.one(this.#place, name, { fresh: true }, await this.#credential(), instance),
        acknowledge: ({ id, version }, leaseSeconds) =>
          this.#trpc.consumers.ack.mutate({
            ...(tenant === undefined ? {} : { tenant }),
            id,
            version,
            instance,
            leaseSeconds,
          }),
        look: () => this.metadata(name),
        onChange: async (revealed) =>
          onChange(await matched(this.#declared, name, textOf(name, revealed.value)), {
            version: revealed.version,
          }),
      },
      options,
    );
  }

  /**
   * Uses a secret: gives its value to `apply` now, and again whenever there is a newer version. Each time `apply` has
   * returned, Keyfold is told that this process uses that version; so a rotation can be seen through to the last process,
   * and a grace can end when all have moved.
   * @throws KeyfoldClientError, or whatever the first `apply` throws
   */
  async use<N extends NameIn<D>>(
    name: N,
    apply: (value: ValueOf<D, N>, applying: Applying) => void | Promise<void>,
    options: UseOptions = {},
  ): Promise<InUse> {
    const { clock, feed, instance } = this.#via;
    return use(
      {
        clock,
        name,
        feed: feed(this.#place.tenant),
        apply,
        read: async () => {
          const credential = await this.#credential();
          const revealed = await this.#reader.one(this.#place, name, { fresh: true }, credential, instance);
          return {
            version: revealed.version,
            value: await matched(this.#declared, name, textOf(name, revealed.value)),
          };
        },
        // A token that may only read values is not told.
        look: () =>
          this.metadata(name).then(
            ({ version }) => version,
            () => null,
          ),
        acknowledge: (version, leaseSeconds) =>
          this.#trpc.consumers.ack.mutate({ ...this.#place, name, version, instance, leaseSeconds }),
      },
      options,
    );
  }

  /** Creates a secret of this name, or makes a new version of it; the identical value changes nothing. */
  async set(name: NameIn<D>, value: string | Uint8Array, options: WriteOptions = {}): Promise<SetResult> {
    await this.#check(name, value);
    return this.#trpc.secrets.set.mutate({ ...this.#place, name, ...toWire(value), ...once(options) });
  }

  /** Sets up to 500 secrets in one call, all or nothing. */
  async setMany(
    values: { readonly [N in NameIn<D>]?: string | Uint8Array },
    options: Omit<WriteOptions, "expectedVersion"> = {},
  ): Promise<SetResult[]> {
    const given = Object.entries(values) as [NameIn<D>, string | Uint8Array | undefined][];
    const items = [];
    for (const [name, value] of given) {
      if (value === undefined) continue;
      await this.#check(name, value);
      items.push({ name, ...toWire(value) });
    }
    const { results } = await this.#trpc.secrets.setMany.mutate({ ...this.#place, items, ...once(options) });
    return results;
  }

  /** Makes a new version of an existing secret; the one before still opens until its grace ends. */
  async rotate(name: NameIn<D>, value: string | Uint8Array, options: RotateOptions = {}): Promise<SetResult> {
    await this.#check(name, value);
    return this.#trpc.secrets.rotate.mutate({ ...this.#place, name, ...toWire(value), ...once(options) });
  }

  /** Makes a new version with an older version's value. */
  async rollBack(name: NameIn<D>, to: number, options: ChangeOptions = {}): Promise<SetResult> {
    return this.#trpc.secrets.rollBack.mutate({ ...this.#place, name, to, ...options });
  }

  /** Deletes a secret; it can be restored by its id, which this answers. */
  async delete(name: NameIn<D>, options: DeleteOptions = {}): Promise<SecretView> {
    return this.#trpc.secrets.delete.mutate({ ...this.#place, name, ...options });
  }

  /** Brings a deleted secret back, under another name where its own is taken again. */
  async restore(id: string, options: { name?: NameIn<D> } = {}): Promise<SecretView> {
    const { tenant } = this.#place;
    return this.#trpc.secrets.restore.mutate({ ...(tenant === undefined ? {} : { tenant }), id, ...options });
  }

  /** A secret without its value. */
  async metadata(name: NameIn<D>): Promise<SecretDetail> {
    return this.#trpc.secrets.get.query({ ...this.#place, name });
  }

  /** Secrets without their values, by name: of the project and environment, if they were named, else of all in reach. */
  list(options: ListOptions = {}): Listing<SecretDetail> {
    return new Listing(async (cursor) => {
      const page = { ...this.#place, ...options, ...(cursor === undefined ? {} : { cursor }) };
      const { secrets, nextCursor } = await this.#trpc.secrets.list.query(page);
      return { items: secrets, nextCursor };
    });
  }

  /** A secret's versions without their values, newest first. */
  versions(name: NameIn<D>): Listing<VersionView> {
    const { tenant } = this.#place;
    let id: string | undefined;
    return new Listing(async (cursor) => {
      if (cursor === undefined || id === undefined) id = (await this.metadata(name)).id;
      const page = {
        id,
        ...(tenant === undefined ? {} : { tenant }),
        ...(cursor === undefined ? {} : { cursor }),
      };
      const { versions, nextCursor } = await this.#trpc.versions.list.query(page);
      return { items: versions, nextCursor };
    });
  }

  /** Asked once for a read, before the cache is: the token function's next answer can be another tenant's. */
  #credential(): Promise<Credential> {
    return this.#via.credentials.current();
  }

  /** What would be refused when read is refused when written. */
  async #check(name: NameIn<D>, value: string | Uint8Array): Promise<void> {
    if (this.#declared !== null) await matched(this.#declared, name, wireText(name, toWire(value)));
  }
}

/** Keeps a creating call repeatable: the server answers the same key the same. */
function once<O extends { idempotencyKey?: string }>(options: O): O & { idempotencyKey: string } {
  return { ...options, idempotencyKey: options.idempotencyKey ?? crypto.randomUUID() };
}
