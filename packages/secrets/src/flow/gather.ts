import type { Unit } from "./change.ts";

interface Gathered {
  items: unknown[];
  answer: Promise<unknown>;
}

const byTransaction = new WeakMap<Unit["query"], Map<string, Gathered>>();

/**
 * Puts into one statement what changes that share a transaction ask for in one turn; a change that has its transaction for
 * itself asks alone. Where the statement fails, all of them do, and are done by themselves (`changeTogether`).
 * @param what the question, and all of it that its items have in common
 * @param put asks for all items, in the order in which they came
 */
export function gather<Item, Answer>(
  unit: Pick<Unit, "query" | "shared">,
  what: string,
  items: readonly Item[],
  put: (items: readonly Item[]) => Promise<Answer>,
): Promise<Answer> {
  if (!unit.shared) return put(items);
  const gathering = byTransaction.get(unit.query) ?? new Map<string, Gathered>();
  byTransaction.set(unit.query, gathering);
  let asked = gathering.get(what);
  if (asked === undefined) {
    const all: unknown[] = [];
    // Once all who are in the same step have had their turn.
    const answer = Promise.resolve().then(() => {
      gathering.delete(what);
      return put(all as Item[]);
    });
    asked = { items: all, answer };
    gathering.set(what, asked);
  }
  asked.items.push(...items);
  return asked.answer as Promise<Answer>;
}
