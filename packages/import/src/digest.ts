import { createHmac, randomBytes } from "node:crypto";
import type { SecretValue } from "@keyfold/envelope/secret-value";

/** Tells equal values by digests under a key that never leaves this process, and is another one for each run. */
export class Digests {
  readonly #key = randomBytes(32);

  /** 16 bytes as hex: enough to tell values apart, and no more to keep than must be. */
  of(value: SecretValue): string {
    return createHmac("sha256", this.#key).update(value.unsafelyBytes()).digest("hex").slice(0, 32);
  }
}
