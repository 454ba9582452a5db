import { expect, test } from "vitest";
import { newBatchId } from "./batch-id.ts";

test("a batch's id is a UUID of version 7: it sorts by its time, and differs within a millisecond", () => {
  // RFC 9562, appendix A.6: Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00.
  expect(newBatchId(1_645_557_742_000)).toMatch(
    /^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  const times = [0, 1, 255, 256, 1_645_557_742_000, 1_800_000_000_000];
  const ids = times.map((time) => newBatchId(time));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(Array.from({ length: 100 }, () => newBatchId(1))).size).toBe(100);
});
