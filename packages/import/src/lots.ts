import { MOST_BYTES, MOST_ITEMS, type Place } from "./destination.ts";
import { placeOf } from "./target.ts";

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
    // Thousands of places, a few items each: the fullest goes first.
    else if (this.#count > 20 * MOST_ITEMS || this.#bytes > 8 * MOST_BYTES) await this.#take(this.#fullest());
  }

  async flush(): Promise<void> {
    for (const key of [...this.#waiting.keys()]) await this.#take(key);
  }

  #fullest(): string {
    let fullest: [string, number] = ["", -1];
    for (const [key, { items }] of this.#waiting)
      if (items.length > fullest[1]) fullest = [key, items.length];
    return fullest[0];
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
