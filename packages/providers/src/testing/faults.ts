import type { ConformanceFault } from "../conformance.ts";

/** Which fault a server of the tests shows, and for how many requests more. */
export class Faults {
  #fault: ConformanceFault | undefined;
  #left = 0;

  start(fault: ConformanceFault, requests: number): void {
    this.#fault = fault;
    this.#left = requests;
  }

  heal(): void {
    this.#left = 0;
  }

  /** The fault for the request that came in just now. */
  next(): ConformanceFault | undefined {
    if (this.#left <= 0) return undefined;
    this.#left--;
    return this.#fault;
  }
}
