/** A column of the timeline: what comes in this time. */
export interface Column<T> {
  /** Milliseconds since 1970, the local midnight that it begins at. */
  from: number;
  items: readonly T[];
}

/**
 * Sorts what comes into columns of one or more days each, by the reader's own midnights: a day of 23 hours is a day.
 * @param days how far to look ahead @param step days in a column
 */
export function columns<T>(
  items: readonly T[],
  at: (item: T) => number | null,
  { now, days, step }: { now: number; days: number; step: number },
): Column<T>[] {
  const start = new Date(now);
  const midnight = (ahead: number): number =>
    new Date(start.getFullYear(), start.getMonth(), start.getDate() + ahead).getTime();
  const count = Math.ceil(days / step);
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [midnight(i * step), midnight((i + 1) * step)];
    return {
      from,
      items: items.filter((item) => {
        const when = at(item);
        return when !== null && when >= from && when < to;
      }),
    };
  });
}
