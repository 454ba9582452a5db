/** The first of several deadlines; null: there is none. */
export function earliest(...moments: readonly (Date | null)[]): Date | null {
  let first: Date | null = null;
  for (const moment of moments) if (moment !== null && (first === null || moment < first)) first = moment;
  return first;
}
