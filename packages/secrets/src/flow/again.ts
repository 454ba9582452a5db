import { NothingDone } from "../audit/lost-commit.ts";
import { KeyfoldError } from "../error.ts";
import { TermClosed, TermGone } from "../key/term/term-errors.ts";
import { databaseError } from "./database-error.ts";

/** How often what lost a race is tried in all. */
export const ATTEMPTS = 4;

/** Runs a transaction again when it lost a race, a few times, and once where its commit was lost; database errors come out as ours. */
export async function again<T>(run: () => Promise<T>, attempts: number = ATTEMPTS): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const ours = error instanceof KeyfoldError ? error : databaseError(error);
      // Sealed under a term that is closed: only who sealed it can do that again.
      if (ours instanceof TermClosed) throw ours;
      const lost =
        ours?.code === "conflict" ||
        ours instanceof TermGone ||
        (ours instanceof NothingDone && attempt === 1);
      if (lost && attempt < attempts) continue;
      throw ours ?? error;
    }
  }
}
