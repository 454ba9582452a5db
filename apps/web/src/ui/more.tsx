import { m } from "../messages.ts";
import { Button } from "./button.tsx";

interface Pages {
  hasNextPage?: boolean;
  isFetchingNextPage?: boolean;
  fetchNextPage?(): Promise<unknown>;
}

/** The foot of a list that has another page: asks for it. */
export function More({ query }: { query: Pages }) {
  if (query.hasNextPage !== true) return null;
  return (
    <div className="flex justify-center border-t border-line p-3">
      <Button
        look="quiet"
        isPending={query.isFetchingNextPage === true}
        onPress={() => void query.fetchNextPage?.()}
      >
        {query.isFetchingNextPage === true ? m.loadingMore : m.more}
      </Button>
    </div>
  );
}
