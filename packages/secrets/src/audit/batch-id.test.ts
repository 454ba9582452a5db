import { expect, test } from "vitest";
import { newBatchId } from "./batch-id.ts";

test("a batch's id is a UUID of version 8 that sorts by its minute, and tells no more of its time", () => {
  // 2022-02-22T19:22:22Z, the time of RFC 9562's examples, whose milliseconds are 017f22e279b0 in hexadecimal.
  const at = 1_645_557_742_000;
  expect(newBatchId(at)).toMatch(/^017f22e2-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const minutes = [0, 65_536, 131_072, at, at + 65_536, 1_800_000_000_000];
  const ids = minutes.map((minute) => newBatchId(minute));
  expect(ids.toSorted()).toEqual(ids);
  const ofOne = Array.from({ length: 100 }, () => newBatchId(at));
  expect(new Set(ofOne).size).toBe(100);
  expect(ofOne.toSorted()).not.toEqual(ofOne);
});
