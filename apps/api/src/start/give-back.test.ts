import { getHeapStatistics } from "node:v8";
import { expect, test } from "vitest";
import { giveBack } from "./give-back.ts";

const MB = 1024 * 1024;
const held = (): number => getHeapStatistics().total_physical_size / MB;

/** Half a megabyte each, of which nobody keeps any. */
function waste(): number {
  const parts = Array.from({ length: 100 }, () => Array.from({ length: MB / 16 }, () => 0.5));
  return held() + 0 * parts.length;
}

test("what nobody needs any more is given back to the system, and the program gets no collector", () => {
  giveBack();
  const before = held();
  expect(waste()).toBeGreaterThan(before + 40);
  giveBack();
  expect(held()).toBeLessThan(before + 10);
  expect(globalThis).not.toHaveProperty("gc");
});
