import type { ReactNode } from "react";
import { More } from "./more.tsx";
import { FailureState, SkeletonRows } from "./state.tsx";

/** What a list needs to know of the query that reads it: one page, or page after page. */
export interface ListQuery {
  error: unknown;
  isPending: boolean;
  refetch(): Promise<unknown>;
  hasNextPage?: boolean;
  isFetchingNextPage?: boolean;
  fetchNextPage?(): Promise<unknown>;
}

interface Props {
  query: ListQuery;
  /** What the list is, to screen readers. */
  label: string;
  /** Its rows, as they stand in it. */
  children: readonly ReactNode[];
  /** What stands there instead when there are none. */
  empty: ReactNode;
  /** How many rows are drawn while it loads. */
  waiting?: number;
  /** Whether their order says something. */
  ordered?: boolean;
  /** Above the rows, where there are any. */
  head?: ReactNode;
}

/** A list in each of its states: on its way, failed or not allowed, empty, and there; at its foot the way to more. */
export function Listed({ query, label, children, empty, waiting = 6, ordered = false, head }: Props) {
  if (query.error) return <FailureState error={query.error} onRetry={() => void query.refetch()} />;
  if (query.isPending) return <SkeletonRows rows={waiting} />;
  const List = ordered ? "ol" : "ul";
  return (
    <>
      {children.length === 0 ? (
        empty
      ) : (
        <>
          {head}
          <List aria-label={label} className="divide-y divide-line">
            {children}
          </List>
        </>
      )}
      <More query={query} />
    </>
  );
}
