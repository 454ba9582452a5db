const checked = new WeakSet<object>();

/**
 * Checks a row that several calls share once for all of them: what one has found to be authentic is so for the others.
 * @throws what the check throws, to each of them
 */
export function checkOnce(row: object, check: () => void): void {
  if (checked.has(row)) return;
  check();
  checked.add(row);
}
