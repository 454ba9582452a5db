/** Seconds to wait after the first attempt, the second, and so on: eleven attempts over a day, then it is given up. */
const WAITS = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 36_000] as const;

/** How long an endpoint may fail without one success before nothing is sent to it any more: five days, in seconds. */
export const DISABLE_AFTER_SECONDS = 5 * 86_400;

/** The longest that a receiver's own word puts a message off, six hours in seconds: else one could hold it for ever. */
const MOST_RETRY_AFTER = 6 * 3_600;

/**
 * How long to wait after an attempt failed, with up to a fifth more or less, so that what failed together does not come
 * back together.
 * @param attempt which one it was, from 1
 * @param random from 0 to 1
 * @param asked how many seconds the receiver asked for (`Retry-After`): it can make the wait longer, and never shorter
 * @returns seconds; null: it was the last one
 */
export function waitAfter(attempt: number, random: number, asked: number | null = null): number | null {
  const wait = WAITS[attempt - 1];
  if (wait === undefined) return null;
  return Math.max(wait * (0.8 + 0.4 * random), Math.min(asked ?? 0, MOST_RETRY_AFTER));
}
