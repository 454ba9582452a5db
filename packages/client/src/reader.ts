import type { TRPCClient } from "@trpc/client";
import type { Asked, Place, ValueCache } from "./cache.ts";
import type { CallContext } from "./connection.ts";
import type { Credential } from "./credentials.ts";
import { KeyfoldClientError } from "./error.ts";
import type { LastKnownGood } from "./kept/last-known-good.ts";
import type { ReadOptions } from "./options.ts";
import type { KeyfoldRouter } from "./router.ts";
import { type Held, held } from "./secret-value.ts";

/** How long the server believes that this process still uses what it used while the server was away, in seconds. */
const LEASE_SECONDS = 300;

interface Parts {
  readonly trpc: TRPCClient<KeyfoldRouter>;
  readonly cache: ValueCache | null;
  readonly kept: LastKnownGood | null;
  readonly instance: string;
}

/** How this client comes by values: from memory, from the server (one request for all who ask at once), or from a kept copy. */
export class Reader {
  readonly #parts: Parts;
  readonly #flights = new Map<string, { mark: number; revealed: Promise<Held> }>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @param instance names this process to the server, where it will say what it uses */
  async one(
    place: Place,
    name: string,
    { fresh = false }: ReadOptions,
    credential: Credential,
    instance?: string,
  ): Promise<Held> {
    const { cache } = this.#parts;
    const asked = { by: credential.number, place };
    if (fresh || cache === null) return this.#ask(asked, name, credential, fresh, instance);
    const found = cache.find(asked, name);
    if (found !== null && !found.stale) return found.revealed;
    const mark = cache.mark;
    const key = JSON.stringify([asked.by, place.tenant, place.project, place.environment, name]);
    const flying = this.#flights.get(key);
    // One that began before a change could bring what was before it.
    const revealed =
      flying?.mark === mark ? flying.revealed : this.#takeOff(key, mark, asked, name, credential);
    if (found === null) return revealed;
    // Given out once more, while it is asked for: what comes of that is for the next one.
    revealed.catch(() => {});
    return found.revealed;
  }

  async many(
    place: Place,
    names: readonly string[],
    { fresh = false }: ReadOptions,
    credential: Credential,
  ): Promise<Map<string, Held>> {
    const { trpc, cache, kept } = this.#parts;
    const asked = { by: credential.number, place };
    const found = new Map<string, Held>();
    for (const name of names) {
      const cached = fresh ? null : cache?.get(asked, name);
      if (cached) found.set(name, cached);
    }
    const missing = [...new Set(names)].filter((name) => !found.has(name));
    if (missing.length === 0) return found;
    const mark = cache?.mark ?? 0;
    const context: CallContext = { credential };
    try {
      const { secrets } = await trpc.secrets.revealMany.query({ ...place, names: missing }, { context });
      for (const answered of secrets) {
        const revealed = held(answered);
        found.set(revealed.name, revealed);
        this.#got(asked, revealed, mark, credential);
      }
      return found;
    } catch (error) {
      if (kept === null || !(error instanceof KeyfoldClientError)) throw error;
      // A refusal of many does not say which is to blame; who asks for each one learns it.
      if (error.code !== "unauthenticated" && error.status !== null && error.status < 500) throw error;
      for (const name of missing) {
        const revealed = await kept.instead(credential, place, name, error);
        if (revealed === null) throw error;
        found.set(name, revealed);
      }
      return found;
    }
  }

  #takeOff(key: string, mark: number, asked: Asked, name: string, credential: Credential): Promise<Held> {
    const revealed = this.#ask(asked, name, credential, false).finally(() => {
      if (this.#flights.get(key)?.revealed === revealed) this.#flights.delete(key);
    });
    this.#flights.set(key, { mark, revealed });
    return revealed;
  }

  async #ask(
    asked: Asked,
    name: string,
    credential: Credential,
    fresh: boolean,
    instance?: string,
  ): Promise<Held> {
    const { trpc, cache, kept } = this.#parts;
    const { place } = asked;
    if (kept?.resting && !fresh) {
      const revealed = await kept.recall(credential, place, name, "network");
      if (revealed !== null) return revealed;
    }
    const mark = cache?.mark ?? 0;
    const context: CallContext = { credential, ...(instance === undefined ? {} : { instance }) };
    try {
      const revealed = held(await trpc.secrets.reveal.query({ ...place, name }, { context }));
      this.#got(asked, revealed, mark, credential);
      return revealed;
    } catch (error) {
      if (kept === null || !(error instanceof KeyfoldClientError)) throw error;
      const revealed = await kept.instead(credential, place, name, error);
      if (revealed === null) throw error;
      return revealed;
    }
  }

  #got(asked: Asked, revealed: Held, mark: number, credential: Credential): void {
    const { cache, kept, trpc, instance } = this.#parts;
    cache?.put(asked, revealed.name, revealed, mark);
    if (kept === null) return;
    kept.keep(credential, asked.place, revealed);
    // The server learns what this process used meanwhile, so that nobody ends it from under it.
    for (const { place, name, version, credential } of kept.reconnected())
      trpc.consumers.ack
        .mutate(
          { ...place, name, version, instance, leaseSeconds: LEASE_SECONDS },
          { context: { credential } satisfies CallContext },
        )
        .catch((error: unknown) => kept.failed(error));
  }
}
