/** Seconds to wait after the first attempt, the second, and so on: eleven attempts over a day, then it is given up. */
const WAITS = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 36_000] as const;

/** How long an endpoint may fail without one success before nothing is sent to it any more: five days, in seconds. */
export const DISABLE_AFTER_SECONDS = 5 * 86_400;

/**
 * How long to wait after an attempt failed, with up to a fifth more or less, so that what failed together does not come
 * back together.
 * @param attempt which one it was, from 1
 * @param random from 0 to 1
 * @returns seconds; null: it was the last one
 */
export function waitAfter(attempt: number, random: number): number | null {
  const wait = WAITS[attempt - 1];
  return wait === undefined ? null : wait * (0.8 + 0.4 * random);
}
