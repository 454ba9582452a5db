import { MOST_BYTES, MOST_ITEMS, type Place } from "./destination.ts";
import { placeOf } from "./target.ts";

/** Each is a transaction on the other side: while one waits for the disk, another computes. */
const PLACES_AT_ONCE = 4;

/** Collects items by their place and works on them some hundreds together; bounds what waits, however mixed they come. */
export class Lots<T> {
  readonly #work: (place: Place, items: T[]) => Promise<void>;
  readonly #waiting = new Map<string, { place: Place; items: T[]; bytes: number }>();
  #count = 0;
  #bytes = 0;

  constructor(work: (place: Place, items: T[]) => Promise<void>) {
    this.#work = work;
  }

  async add(
    { tenant, project, environment }: Place & { name?: string },
    item: T,
    bytes: number,
  ): Promise<void> {
    const place = { tenant, project, environment };
    const key = placeOf({ ...place, name: "" });
    let lot = this.#waiting.get(key);
    if (lot !== undefined && lot.bytes + bytes > MOST_BYTES) {
      await this.#take(key);
      lot = undefined;
    }
    if (lot === undefined) {
      lot = { place, items: [], bytes: 0 };
      this.#waiting.set(key, lot);
    }
    lot.items.push(item);
    lot.bytes += bytes;
    this.#count++;
    this.#bytes += bytes;
    if (lot.items.length >= MOST_ITEMS) await this.#take(key);
    // Thousands of places, a few items each.
    else if (this.#count > 20 * MOST_ITEMS || this.#bytes > 8 * MOST_BYTES) await this.flush();
  }

  /** Works on all that waits, a few places at once. @throws what one of them failed with, when none is under way any more */
  async flush(): Promise<void> {
    const keys = [...this.#waiting.keys()];
    const failures: unknown[] = [];
    const next = async (): Promise<void> => {
      for (let key = keys.shift(); key !== undefined && failures.length === 0; key = keys.shift())
        await this.#take(key).catch((error: unknown) => failures.push(error));
    };
    await Promise.all(Array.from({ length: PLACES_AT_ONCE }, next));
    if (failures.length > 0) throw failures[0];
  }

  async #take(key: string): Promise<void> {
    const lot = this.#waiting.get(key);
    if (lot === undefined) return;
    this.#waiting.delete(key);
    this.#count -= lot.items.length;
    this.#bytes -= lot.bytes;
    await this.#work(lot.place, lot.items);
  }
}
