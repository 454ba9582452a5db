import { infiniteQueryOptions, type QueryKey } from "@tanstack/react-query";

/**
 * A list that comes in pages. tRPC's own options for such lists put a `direction` into the input, which the verbs'
 * strict schemas refuse; so the call is made here.
 * @param read one page, from this cursor on
 */
export function inPages<P extends { nextCursor: string | null }>(
  queryKey: QueryKey,
  read: (page: { cursor?: string }, options: { signal: AbortSignal }) => Promise<P>,
) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam === null ? {} : { cursor: pageParam }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
}
