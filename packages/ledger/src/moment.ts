/**
 * A moment as it is written everywhere here: RFC 3339 in UTC with milliseconds. `Date` by itself takes much else for one,
 * so that an edited file would still be read as before.
 * @returns null for any other text
 */
export function momentOf(text: string): Date | null {
  const moment = new Date(text);
  return !Number.isNaN(moment.getTime()) && moment.toISOString() === text ? moment : null;
}
