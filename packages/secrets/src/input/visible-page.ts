/** How many rows are looked through at once. */
const ROWS_AT_ONCE = 500;

/**
 * Fills a page with rows that its asker may see, until it is full or there are no more: neither its length nor its cursor
 * tells how much else there is, or what.
 * @param after the sort key of the row before the page; null: from the start
 * @param rowsAfter so many rows after one, in the list's order; fewer where there are no more
 * @returns the page, and its last row where another follows: what the next cursor is made of
 */
export async function visiblePage<Row extends Key, Key>(
  { after, limit }: { after: Key | null; limit: number },
  rowsAfter: (after: Key | null, limit: number) => Promise<readonly Row[]>,
  maySee: (row: Row) => boolean,
): Promise<{ page: Row[]; last: Row | null }> {
  const visible: Row[] = [];
  let from = after;
  for (let more = true; more && visible.length <= limit; ) {
    const rows = await rowsAfter(from, ROWS_AT_ONCE);
    visible.push(...rows.filter(maySee));
    from = rows.at(-1) ?? null;
    more = rows.length === ROWS_AT_ONCE;
  }
  const page = visible.slice(0, limit);
  return { page, last: visible.length > limit ? page.at(-1)! : null };
}
