/**
 * A list that comes in pages: awaited it is all of them, in `for await` it fetches a page when the one before is
 * used up. Each use asks anew.
 */
export class Listing<T> implements AsyncIterable<T>, PromiseLike<T[]> {
  readonly #page: (cursor: string | undefined) => Promise<{ items: T[]; nextCursor: string | null }>;

  constructor(page: (cursor: string | undefined) => Promise<{ items: T[]; nextCursor: string | null }>) {
    this.#page = page;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    let cursor: string | undefined;
    do {
      const { items, nextCursor } = await this.#page(cursor);
      yield* items;
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  // biome-ignore lint/suspicious/noThenProperty: one line for whoever wants the whole list.
  then<A = T[], B = never>(
    fulfilled?: ((items: T[]) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#all().then(fulfilled, rejected);
  }

  async #all(): Promise<T[]> {
    const all: T[] = [];
    for await (const item of this) all.push(item);
    return all;
  }
}
