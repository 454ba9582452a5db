import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { inPages } from "../data/pages.ts";
import { client, type Outputs, trpc } from "../data/trpc.ts";

export type Due = Outputs["rotation"]["due"]["due"][number];
export type DueState = Due["state"];

/** What stands first wants a person first. */
export const ORDER: readonly DueState[] = [
  "failed",
  "expired",
  "overdue",
  "running",
  "due",
  "expiring",
  "coming",
];

/** Everything that is due or comes within so many days. The verb's pages are in no order of time, so all are read. */
export function useDue(tenant: string, within: number, enabled = true) {
  const input = { tenant, within };
  const query = useInfiniteQuery({
    ...inPages(trpc.rotation.due.infiniteQueryKey(input), (page, options) =>
      client.rotation.due.query({ ...input, limit: 200, ...page }, options),
    ),
    staleTime: 0,
    enabled,
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return query;
}

/** The moment that it is about: its rotation, or the end of its value. Milliseconds; null: none. */
export function whenOf({ state, nextRotationAt, expiresAt }: Due): number | null {
  const at = state === "expiring" || state === "expired" ? expiresAt : (nextRotationAt ?? expiresAt);
  return at === null ? null : Date.parse(at);
}
