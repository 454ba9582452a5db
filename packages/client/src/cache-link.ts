import type { TRPCLink } from "@trpc/client";
import { observable, tap } from "@trpc/server/observable";
import { clientError } from "./answer-error.ts";
import type { Touched, ValueCache } from "./cache.ts";
import type { KeyfoldRouter } from "./router.ts";

/**
 * Keeps the cache true to what passes through this client, whichever way it was called: a change drops what it
 * touches before it is sent and again when it is answered (or failed: then nobody knows), and a token that is no
 * longer accepted empties it.
 */
export function cacheLink(cache: ValueCache): TRPCLink<KeyfoldRouter> {
  return () =>
    ({ op, next }) =>
      observable((observer) => {
        const changed = (output?: unknown): void => {
          if (op.type !== "mutation") return;
          const noun = op.path.slice(0, op.path.indexOf("."));
          if (noun === "consumers") return; // says who uses what, and changes no value
          if (noun === "secrets" || noun === "versions") cache.drop(touchedBy(op.input, output));
          else cache.clear();
        };
        changed();
        return next(op)
          .pipe(
            tap({
              next: ({ result }) => changed("data" in result ? result.data : undefined),
              error(error) {
                changed();
                if (clientError(error).code === "unauthenticated") cache.clear();
              },
            }),
          )
          .subscribe(observer);
      });
}

interface Mentions {
  tenant?: string;
  id?: string;
  name?: string;
  items?: { name: string }[];
  secret?: { id: string };
  results?: { secret: { id: string } }[];
}

function touchedBy(input: unknown, output: unknown): Touched {
  const { tenant, id, name, items = [] } = (input ?? {}) as Mentions;
  const answer = (output ?? {}) as Mentions;
  const ids = [id, answer.id, answer.secret?.id, ...(answer.results ?? []).map(({ secret }) => secret.id)];
  const names = [name, ...items.map((item) => item.name)];
  const known = (list: (string | undefined)[]) => new Set(list.filter((one) => one !== undefined));
  return { tenant, names: known(names), ids: known(ids) };
}
