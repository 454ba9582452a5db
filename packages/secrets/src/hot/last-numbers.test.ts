import { expect, test } from "vitest";
import { LastNumbers } from "./last-numbers.ts";

test("the last numbers of some thousands of chains are remembered; of all others the number is one that no batch has", () => {
  const numbers = new LastNumbers();
  const nowhere = numbers.of("unknown");
  expect(nowhere).toBe(2n ** 63n - 1n);
  for (let i = 0; i < 10_000; i++) numbers.note(`chain ${i}`, BigInt(i));
  numbers.note("chain 0", 5n);
  expect([numbers.of("chain 0"), numbers.of("chain 9999")]).toEqual([5n, 9_999n]);
  numbers.note("one more", 1n);
  expect([numbers.of("chain 0"), numbers.of("one more")]).toEqual([nowhere, 1n]);
});
