import type { QueryFilters } from "@tanstack/react-query";
import { queries } from "./queries.ts";

/** What the answers to some queries will be once a call has been made. */
export interface Guess {
  of: QueryFilters;
  change: (data: unknown) => unknown;
}

export const guess = <T>(of: QueryFilters, change: (data: T) => T): Guess => ({
  of,
  change: change as Guess["change"],
});

/**
 * Shows what a call will do before the server has done it, and what was there before if it fails; either way it is read
 * anew. Only for what is safe to be wrong about for a moment: never for values, rights, or what cannot be undone.
 * @throws what the call throws
 */
export async function optimistically(guesses: readonly Guess[], call: () => Promise<void>): Promise<void> {
  // An answer from before the call must not come after the guess.
  await Promise.all(guesses.map(({ of }) => queries.cancelQueries(of)));
  const before = guesses.flatMap(({ of }) => queries.getQueriesData<unknown>(of));
  for (const { of, change } of guesses)
    queries.setQueriesData<unknown>(of, (data: unknown) => (data === undefined ? undefined : change(data)));
  try {
    await call();
  } catch (error) {
    for (const [key, data] of before) queries.setQueryData(key, data);
    throw error;
  } finally {
    for (const { of } of guesses) void queries.invalidateQueries(of);
  }
}
