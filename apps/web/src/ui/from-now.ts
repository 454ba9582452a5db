import { dates, distances } from "../locale.ts";

const relative = distances();
const exact = dates({ dateStyle: "medium", timeStyle: "medium" });
const STEPS: readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 days ago", "in 2 hours", "just now". @param moment RFC 3339 @param now milliseconds since 1970 */
export function fromNow(moment: string, now: number): string {
  const seconds = (Date.parse(moment) - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return seconds > 5 ? "in moments" : "just now";
}

/** A moment to the second, in the reader's own time zone. */
export const exactly = (moment: string): string => exact.format(new Date(moment));
