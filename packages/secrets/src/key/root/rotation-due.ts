/** How long a root key serves before it is due for its rotation, in days. */
export const ROTATION_DAYS = 90;

const DAY_MS = 24 * 60 * 60 * 1000;

/** When a root key that serves since then is due for its rotation, and whether that is past. */
export function rotationDue(since: Date, now: Date): { at: Date; overdue: boolean } {
  const at = new Date(since.getTime() + ROTATION_DAYS * DAY_MS);
  return { at, overdue: now >= at };
}

/** Whole days between two moments. */
export const daysBetween = (from: Date, to: Date): number =>
  Math.max(0, Math.floor((to.getTime() - from.getTime()) / DAY_MS));
