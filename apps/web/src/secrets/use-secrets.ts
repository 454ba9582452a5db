import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useMemo } from "react";
import { inPages } from "../data/pages.ts";
import { client, queries, type Secret, trpc } from "../data/trpc.ts";

interface Place {
  tenant: string;
  project: string;
  environment: string;
}

const list = (input: Place & { prefix?: string }) =>
  inPages(trpc.secrets.list.infiniteQueryKey(input), (page, options) =>
    client.secrets.list.query({ ...input, limit: 200, ...page }, options),
  );

/**
 * An environment's secrets, a page at a time, and those among them whose name holds the search. While the server has
 * more pages, it is also asked for names that begin with the search.
 */
export function useSecrets(place: Place, search: string) {
  const all = useInfiniteQuery(list(place));
  const prefix = useDeferredValue(search);
  const beginning = useInfiniteQuery({
    ...list({ ...place, prefix }),
    enabled: all.hasNextPage && prefix !== "",
    placeholderData: keepPreviousData,
  });
  const loaded = all.data;
  const more = beginning.data;
  const secrets = useMemo(() => {
    const byId = new Map<string, Secret>();
    const needle = search.toLowerCase();
    for (const page of [...(loaded?.pages ?? []), ...(search === "" ? [] : (more?.pages ?? []))])
      for (const secret of page.secrets)
        if (secret.name.toLowerCase().includes(needle)) byId.set(secret.id, secret);
    return [...byId.values()];
  }, [loaded, more, search]);
  return { all, secrets };
}

/** After a change: what was read of secrets and versions is read again. */
export async function refreshSecrets(): Promise<void> {
  await Promise.all([
    queries.invalidateQueries(trpc.secrets.pathFilter()),
    queries.invalidateQueries(trpc.versions.pathFilter()),
  ]);
}
