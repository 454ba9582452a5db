import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { SecretValue } from "@keyfold/envelope";
import { Gate } from "./gate.ts";
import { type AskedUpstream, UPSTREAM_NAME, type Upstream, type UpstreamFacts } from "./port.ts";

/** The upstreams that this process was given, each behind its gate. */
export class Upstreams {
  readonly #gates: readonly Gate[];
  readonly #key = randomBytes(32);
  readonly #compared = new Map<Gate, { same: number; different: number; absent: number; skipped: number }>();

  /** @throws TypeError for a name that is none, or given twice */
  constructor(given: readonly Upstream[], clock: () => Date) {
    const names = new Set(given.map(({ name }) => name));
    if (names.size < given.length || given.some(({ name }) => !UPSTREAM_NAME.test(name)))
      throw new TypeError(
        "Upstreams have different names, of 1 to 64 lower-case letters, digits, hyphens and underscores.",
      );
    this.#gates = given.map((upstream) => new Gate(upstream, clock));
    for (const gate of this.#gates)
      this.#compared.set(gate, { same: 0, different: 0, absent: 0, skipped: 0 });
  }

  /** The upstream of a place; null: it has none. */
  of(place: Omit<AskedUpstream, "name">): Gate | null {
    return this.#gates.find((gate) => gate.upstream.serves(place)) ?? null;
  }

  /** Whether anything that is read is compared. */
  get comparing(): boolean {
    return this.#gates.some(({ upstream }) => upstream.compares === true);
  }

  /** Stands for a value while it is compared, in this process only. */
  digest(value: SecretValue): Buffer {
    return createHmac("sha256", this.#key).update(value.unsafelyBytes()).digest();
  }

  /** Overwrites what the upstream answered. */
  compare(ours: Buffer, theirs: SecretValue | null): "same" | "different" | "absent" {
    if (theirs === null) return "absent";
    const digest = this.digest(theirs);
    theirs.wipe();
    return timingSafeEqual(ours, digest) ? "same" : "different";
  }

  count(gate: Gate, what: "same" | "different" | "absent" | "skipped"): void {
    this.#compared.get(gate)![what]++;
  }

  facts(): UpstreamFacts[] {
    return this.#gates.map((gate) => ({
      name: gate.upstream.name,
      reads: { ...gate.reads },
      compared: { ...this.#compared.get(gate)! },
    }));
  }
}
