import { expect, it } from "vitest";
import { columns } from "./timeline-data.ts";

const now = new Date(2026, 2, 20, 15, 30).getTime();
const at = (day: number, hour = 12) => new Date(2026, 2, day, hour).getTime();

it("what comes stands in the column of its day, and what has passed or is too far in none", () => {
  const all = columns([at(19), at(20, 0), at(20, 23), at(22), at(27), at(28)], (when) => when, {
    now,
    days: 8,
    step: 1,
  });
  expect(all.map(({ items }) => items.length)).toEqual([2, 0, 1, 0, 0, 0, 0, 1]);
});

it("columns of a week follow one another without a gap, over a clock change too", () => {
  const all = columns([at(20), at(26), at(27), at(40)], (when) => when, { now, days: 30, step: 7 });
  expect(all.map(({ items }) => items.length)).toEqual([2, 1, 1, 0, 0]);
  for (const [i, { from }] of all.entries()) expect(new Date(from).getHours(), `column ${i}`).toBe(0);
});

it("what has no time is in no column", () => {
  expect(columns([null], (when) => when, { now, days: 2, step: 1 }).flatMap(({ items }) => items)).toEqual(
    [],
  );
});
