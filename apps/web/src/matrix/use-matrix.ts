import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { inPages } from "../data/pages.ts";
import { client, type Outputs, trpc } from "../data/trpc.ts";
import { inOrder } from "../place/order.ts";

type Page = Outputs["secrets"]["matrix"];
export type Cell = NonNullable<Page["rows"][number]["cells"][number]>;
export interface Environment {
  id: string;
  name: string;
}
export interface Row {
  name: string;
  tags: readonly string[];
  consumers: readonly string[];
  cells: readonly (Cell | null)[];
}

/** All of a project's names against its environments, page after page; the columns in the order that people think in. */
export function useMatrix(tenant: string, project: string | undefined) {
  const input = { tenant, ...(project === undefined ? {} : { project }) };
  const query = useInfiniteQuery(
    inPages(trpc.secrets.matrix.infiniteQueryKey(input), (page, options) =>
      client.secrets.matrix.query({ ...input, limit: 1000, ...page }, options),
    ),
  );
  const { data, hasNextPage, isFetchingNextPage, isError, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isError, fetchNextPage]);
  return { query, matrix: useMemo(() => matrixOf(data?.pages ?? []), [data]) };
}

export interface Matrix {
  project: { id: string; name: string } | null;
  environments: readonly Environment[];
  rows: readonly Row[];
}

function matrixOf(pages: readonly Page[]): Matrix {
  const last = pages.at(-1);
  if (last === undefined) return { project: null, environments: [], rows: [] };
  const environments = inOrder(last.environments);
  const rows = pages.flatMap((page) => {
    const at = environments.map(({ id }) => page.environments.findIndex((one) => one.id === id));
    return page.rows.map((row) => ({ ...row, cells: at.map((i) => row.cells[i] ?? null) }));
  });
  return { project: last.project, environments, rows };
}
