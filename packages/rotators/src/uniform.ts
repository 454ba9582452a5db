import { randomFillSync } from "node:crypto";

/** Answers a whole number of 0 to `end - 1n`, each as likely as any other. */
export type Below = (end: bigint) => bigint;

/**
 * Draws from random bytes without bias: as many bits as `end - 1n` has, and again while they say `end` or more (NIST SP
 * 800-90A Rev. 1, appendix A.5.1, the simple discard method).
 * @throws RangeError where `end` is below 1
 */
export function uniformBelow(
  fill: (bytes: Uint8Array) => void = (bytes) => void randomFillSync(bytes),
): Below {
  return (end) => {
    if (end < 1n) throw new RangeError("a draw needs at least one outcome");
    if (end === 1n) return 0n;
    const bits = (end - 1n).toString(2).length;
    const bytes = new Uint8Array(Math.ceil(bits / 8));
    for (;;) {
      fill(bytes);
      bytes[0]! &= 0xff >> (bytes.length * 8 - bits);
      const drawn = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
      if (drawn < end) {
        bytes.fill(0);
        return drawn;
      }
    }
  };
}
