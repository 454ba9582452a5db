import type { KeyfoldRouter } from "@keyfold/secrets";
import type { TRPCLink } from "@trpc/client";
import { observable } from "@trpc/server/observable";
import { toFailure } from "./failure.ts";

/** Asks the person for a fresh second factor. Answers whether they proved one. */
type Asker = () => Promise<boolean>;

let asker: Asker | null = null;
let asking: Promise<boolean> | null = null;

/** Says who asks, for as long as somebody can. @returns how to take it back */
export function onStepUp(ask: Asker): () => void {
  asker = ask;
  return () => {
    if (asker === ask) asker = null;
  };
}

/** Asks, where somebody can; calls that are refused at the same time ask once. Answers whether a factor was proved. */
export function askForFactor(): Promise<boolean> {
  asking ??= (asker?.() ?? Promise.resolve(false)).finally(() => {
    asking = null;
  });
  return asking;
}

/**
 * A call that was refused for want of a fresh second factor asks for one and runs again: where the person stands, with
 * what they had typed. Where none is given, the refusal stands.
 */
export const stepUpLink: TRPCLink<KeyfoldRouter> =
  () =>
  ({ next, op }) =>
    observable((observer) => {
      let cancelled = false;
      let running = run(true);
      function run(mayAsk: boolean) {
        return next(op).subscribe({
          next: (value) => observer.next(value),
          complete: () => observer.complete(),
          error(error) {
            if (!mayAsk || toFailure(error).code !== "factor_required") return observer.error(error);
            void askForFactor().then((proved) => {
              if (cancelled) return;
              if (proved) running = run(false);
              else observer.error(error);
            });
          },
        });
      }
      return () => {
        cancelled = true;
        running.unsubscribe();
      };
    });
