import { expect, test } from "vitest";
import { addCounts } from "./add-counts.ts";

const page = (countedFrom: string, reads: number[], nextCursor: string | null) => ({
  countedFrom,
  nextCursor,
  until: "2026-01-03T00:00:00.000Z",
  spans: reads.map((n, i) => ({
    from: `2026-01-0${i + 1}T00:00:00.000Z`,
    events: 2 * n,
    reads: n,
    refused: 1,
    failed: 0,
  })),
});

test("two pages of counts are one, which goes on from where the older one ends", () => {
  const newer = page("2026-01-02T12:00:00.000Z", [0, 3], "a");
  const older = page("2026-01-01T00:00:00.000Z", [5, 1], null);
  expect(addCounts(newer, older)).toEqual({
    ...page("2026-01-01T00:00:00.000Z", [5, 4], null),
    spans: [
      { from: "2026-01-01T00:00:00.000Z", events: 10, reads: 5, refused: 2, failed: 0 },
      { from: "2026-01-02T00:00:00.000Z", events: 8, reads: 4, refused: 2, failed: 0 },
    ],
  });
  // What was pruned is on no page: it stays said from when on everything is counted.
  const nothing = page("2026-01-03T00:00:00.000Z", [0, 0], null);
  expect(addCounts(newer, nothing).countedFrom).toBe(newer.countedFrom);
});
