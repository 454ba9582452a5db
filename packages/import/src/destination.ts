import { randomUUID } from "node:crypto";
import { isKeyfoldError, type Keyfold } from "@keyfold/client";
import { SecretValue } from "@keyfold/envelope/secret-value";
import type { Digests } from "./digest.ts";
import { SourceError } from "./entry.ts";

/** A tenant's project and environment, by name. */
export interface Place {
  tenant: string;
  project: string;
  environment: string;
}

export interface NewSecret {
  name: string;
  value: SecretValue;
  /** The version that must be current before; 0: none. Left out: whichever it is. */
  expectedVersion?: number;
}

/** A value that stands there. */
export interface Standing {
  digest: string;
  version: number;
}

/** Most items and bytes of one bulk call; the server's own limits. */
export const MOST_ITEMS = 500;
export const MOST_BYTES = 6 * 1024 * 1024;

/** Keyfold, as an import sees it: places with values that can be compared and set. */
export class Destination {
  readonly #client: (tenant: string) => Promise<Keyfold>;
  readonly #digests: Digests;
  readonly #names = new Map<string, Promise<Set<string>>>();
  readonly #placed = new Map<string, Promise<void>>();

  /** @param client gives a client whose token may read and set this tenant's secrets */
  constructor(client: (tenant: string) => Promise<Keyfold>, digests: Digests) {
    this.#client = client;
    this.#digests = digests;
  }

  /** The digests of these names' values, and which versions they are, where they have one. */
  async digests(place: Place, names: readonly string[]): Promise<Map<string, Standing>> {
    const there = await this.#there(place);
    const wanted = names.filter((name) => there.has(name));
    const found = new Map<string, Standing>();
    for (let at = 0; at < wanted.length; at += MOST_ITEMS)
      await this.#reveal(place, wanted.slice(at, at + MOST_ITEMS), found);
    return found;
  }

  async #reveal(place: Place, names: readonly string[], found: Map<string, Standing>): Promise<void> {
    const { trpc } = await this.#client(place.tenant);
    const answer = await trpc.secrets.revealMany
      .query({ ...place, names: [...names] })
      .catch((error: unknown) => {
        if (names.length === 1 || !isKeyfoldError(error, "too_large")) throw error;
        return null;
      });
    if (answer === null) {
      // Together they are more than one answer may carry.
      const half = Math.ceil(names.length / 2);
      for (const part of [names.slice(0, half), names.slice(half)]) await this.#reveal(place, part, found);
      return;
    }
    for (const { name, value, encoding, version } of answer.secrets) {
      const theirs = SecretValue.takeOver(Buffer.from(value, encoding), encoding);
      found.set(name, { digest: this.#digests.of(theirs), version });
      theirs.wipe();
    }
  }

  /** Sets secrets together, all or nothing; what has the value already stays as it is. @returns how many changed */
  async set(place: Place, secrets: readonly NewSecret[], reason: string): Promise<number> {
    const { trpc } = await this.#client(place.tenant);
    const input = {
      ...place,
      items: secrets.map(({ name, value, expectedVersion }) => ({
        name,
        value: value.unsafelyEncoded(),
        encoding: value.encoding,
        ...(expectedVersion === undefined ? {} : { expectedVersion }),
      })),
      reason,
      idempotencyKey: randomUUID(),
    };
    // Most places are there: only where one is not are projects and environments looked through and made.
    const { results } = await trpc.secrets.setMany
      .mutate(input)
      .catch(async (error: unknown) => {
        if (!isKeyfoldError(error, "not_found")) throw error;
        await this.#make(place);
        return trpc.secrets.setMany.mutate(input);
      })
      .catch((error: unknown) => {
        if (!isKeyfoldError(error, "too_large")) throw error;
        // The server says how much it takes, and not which of hundreds is more.
        const { name } = secrets.reduce((a, b) => (b.value.countBytes() > a.value.countBytes() ? b : a));
        throw new SourceError(
          `${place.tenant}: ${name} is too large. ${error.message} Leave it out, or let the server take more. What came before it stays.`,
        );
      });
    return results.filter(({ changed }) => changed).length;
  }

  /** Looks for one place's names anew when they are asked for next. */
  forgetPlace(place: Place): void {
    this.#names.delete(JSON.stringify(place));
  }

  /** Forgets which names there are: what was set meanwhile is looked for anew. */
  forget(): void {
    this.#names.clear();
  }

  #there(place: Place): Promise<Set<string>> {
    const key = JSON.stringify(place);
    let names = this.#names.get(key);
    if (names === undefined) {
      names = this.#list(place);
      this.#names.set(key, names);
    }
    return names;
  }

  async #list(place: Place): Promise<Set<string>> {
    const names = new Set<string>();
    const { trpc } = await this.#client(place.tenant);
    let cursor: string | undefined;
    do {
      const from: { cursor?: string } = cursor === undefined ? {} : { cursor };
      const page = await trpc.secrets.list
        .query({ ...place, state: "live", limit: MOST_ITEMS, ...from })
        .catch((error: unknown) => {
          // A project or environment that does not exist yet holds nothing.
          if (isKeyfoldError(error, "not_found")) return { secrets: [], nextCursor: null };
          throw error;
        });
      for (const { name } of page.secrets) names.add(name);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return names;
  }

  /** Makes the project and the environment where they are missing. */
  #make(place: Place): Promise<void> {
    const key = JSON.stringify(place);
    let made = this.#placed.get(key);
    if (made === undefined) {
      made = this.#makePlace(place);
      this.#placed.set(key, made);
    }
    return made;
  }

  async #makePlace({ tenant, project, environment }: Place): Promise<void> {
    const { trpc } = await this.#client(tenant);
    const projects = await namesOf((cursor) =>
      trpc.projects.list.query({ tenant, ...cursor }).then((page) => ({ items: page.projects, ...page })),
    );
    if (!projects.has(project)) await unlessTaken(trpc.projects.create.mutate({ tenant, name: project }));
    const environments = await namesOf((cursor) =>
      trpc.environments.list
        .query({ tenant, project, ...cursor })
        .then((page) => ({ items: page.environments, ...page })),
    );
    if (!environments.has(environment))
      await unlessTaken(trpc.environments.create.mutate({ tenant, project, name: environment }));
  }
}

async function namesOf(
  page: (cursor: {
    cursor?: string;
  }) => Promise<{ items: readonly { name: string }[]; nextCursor: string | null }>,
): Promise<Set<string>> {
  const names = new Set<string>();
  let cursor: string | null = null;
  do {
    const found: { items: readonly { name: string }[]; nextCursor: string | null } = await page(
      cursor === null ? {} : { cursor },
    );
    for (const { name } of found.items) names.add(name);
    cursor = found.nextCursor;
  } while (cursor !== null);
  return names;
}

/** Another import that runs at the same time may have made it first. */
async function unlessTaken(making: Promise<unknown>): Promise<void> {
  await making.catch((error: unknown) => {
    if (!isKeyfoldError(error, "name_taken")) throw error;
  });
}
