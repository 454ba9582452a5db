import { expect, it } from "vitest";
import { fromNow } from "./from-now.ts";

const NOW = Date.parse("2026-06-15T12:00:00.000Z");

it.each([
  ["2026-06-15T11:59:50.000Z", "just now"],
  ["2026-06-15T11:58:00.000Z", "2 minutes ago"],
  ["2026-06-14T12:00:00.000Z", "yesterday"],
  ["2026-06-16T11:59:00.000Z", "in 24 hours"],
  ["2026-04-15T12:00:00.000Z", "2 months ago"],
  ["2026-06-15T12:00:30.000Z", "in moments"],
])("says %s as people do: %s", (moment, words) => {
  expect(fromNow(moment, NOW)).toBe(words);
});
