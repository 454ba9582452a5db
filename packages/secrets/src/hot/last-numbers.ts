/** Chains that are remembered at most: a megabyte. */
const MOST = 10_000;
/** No batch ever has it: whoever looks from here on finds nothing. */
const NOWHERE = 2n ** 63n - 1n;

/**
 * By tenant, the number of the last batch that this process's reads wrote: from there on a statement for several tenants looks for
 * the chain's last. A hint: others may have written since, and a failover may have lost it.
 */
export class LastNumbers {
  readonly #of = new Map<string, bigint>();

  of(chain: string): bigint {
    return this.#of.get(chain) ?? NOWHERE;
  }

  note(chain: string, number: bigint): void {
    // What was forgotten costs a longer look, once.
    if (this.#of.size >= MOST && !this.#of.has(chain)) this.#of.clear();
    this.#of.set(chain, number);
  }
}
