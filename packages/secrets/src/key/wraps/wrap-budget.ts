import { KeyfoldError } from "../../error.ts";

/** How often one key may wrap. With random nonces of 96 bits, AES-GCM allows 2^32 at most (NIST SP 800-38D, 8.3). */
export interface WrapLimits {
  /** A rotation is due from here on. 2^28 by default. */
  rotateAt: number;
  /** Wrapping is refused from here on. 2^31 by default. */
  refuseAt: number;
  /** Wraps that are reserved at once. 1024 by default. */
  block: number;
}

export const WRAP_LIMITS: WrapLimits = { rotateAt: 2 ** 28, refuseAt: 2 ** 31, block: 1024 };

/** Reserves wraps in the database, durably; answers how many are reserved by then, or null where that would be too many. */
export type Reserve = (key: string, count: number, most: number) => Promise<number | null>;

/** Most keys whose reserved wraps are remembered; what is forgotten stays counted. */
const MOST_KEYS = 20_000;

/**
 * Wraps that this process has reserved and not made yet, by key. Nothing is wrapped that was not reserved before: what a
 * crash takes away was counted, so the count in the database is an upper bound.
 */
export class WrapBudget {
  readonly #left = new Map<string, number>();
  readonly #reserve: Reserve;
  readonly #limits: WrapLimits;
  readonly #sentence: (key: string) => string;

  /** @param sentence for who meets the limit: what is used up, and the next step */
  constructor(limits: WrapLimits, reserve: Reserve, sentence: (key: string) => string) {
    this.#limits = limits;
    this.#reserve = reserve;
    this.#sentence = sentence;
  }

  /** Takes wraps that are about to be made. @throws KeyfoldError `key_used_up` */
  async take(key: string, count: number): Promise<void> {
    if (this.#spend(key, count)) return;
    const { block, refuseAt } = this.#limits;
    // The last few are not wasted on a whole block.
    for (const size of new Set([Math.max(block, count), count])) {
      if ((await this.#reserve(key, size, refuseAt)) === null) continue;
      this.give(key, size - count);
      return;
    }
    throw new KeyfoldError("key_used_up", { sentence: this.#sentence(key) });
  }

  /** Gives back what was taken and not made. */
  give(key: string, count: number): void {
    if (this.#left.size > MOST_KEYS) this.#left.clear();
    this.#left.set(key, (this.#left.get(key) ?? 0) + count);
  }

  #spend(key: string, count: number): boolean {
    const left = this.#left.get(key) ?? 0;
    if (left < count) return false;
    this.#left.set(key, left - count);
    return true;
  }
}
