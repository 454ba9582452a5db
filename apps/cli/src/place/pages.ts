/** A list's pages, one after the other, until there are no more. */
export async function* pages<Page extends { nextCursor: string | null }>(
  ask: (from: { cursor?: string }) => Promise<Page>,
): AsyncGenerator<Page> {
  let from: { cursor?: string } = {};
  for (;;) {
    const page = await ask(from);
    yield page;
    if (page.nextCursor === null) return;
    from = { cursor: page.nextCursor };
  }
}
