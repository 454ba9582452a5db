import type { KeyfoldRouter } from "@keyfold/secrets";
import { TRPCClientError, type TRPCLink } from "@trpc/client";
import { observable } from "@trpc/server/observable";
import { m } from "../messages.ts";
import { toFailure } from "./failure.ts";
import { sessionEnded } from "./session.ts";

/** What a call may be refused for that the person can mend where they stand: by a fresh second factor, by signing in again. */
export type Mendable = "factor_required" | "unauthenticated";

/** Asks the person. Answers whether they mended it. */
type Asker = () => Promise<boolean>;

const askers = new Map<Mendable, Asker>();
const asking = new Map<Mendable, Promise<boolean>>();

/** Says who asks, for as long as somebody can. @returns how to take it back */
export function onAsked(what: Mendable, ask: Asker): () => void {
  askers.set(what, ask);
  return () => {
    if (askers.get(what) === ask) askers.delete(what);
  };
}

/** Asks, where somebody can; calls that are refused at the same time ask once. Answers whether it was mended. */
export function ask(what: Mendable): Promise<boolean> {
  const running =
    asking.get(what) ?? (askers.get(what)?.() ?? Promise.resolve(false)).finally(() => asking.delete(what));
  asking.set(what, running);
  return running;
}

let held = 0;

/** Says that something typed stands in the page that would be lost with it. @returns how to take it back */
export function hold(): () => void {
  held += 1;
  return () => {
    held -= 1;
  };
}

/** What a call ends with after its session has, where somebody would rather not sign in yet. */
const left = () =>
  new TRPCClientError<KeyfoldRouter>("a call was refused", {
    result: {
      error: { data: { keyfold: { code: "unauthenticated", message: m.failure.ended } } },
    } as never,
  });

/** Marks a call as part of the asking itself: its refusal asks nobody. */
export const ASKS_NOBODY = { asksNobody: true };

/**
 * A call that was refused for want of a fresh second factor, or because the session has ended while a form is open, asks
 * in place and runs again, with what was typed. Where nobody mends it, the refusal stands. A session that ends where
 * nothing was typed leads to the sign-in page.
 */
export const askingLink: TRPCLink<KeyfoldRouter> =
  () =>
  ({ next, op }) =>
    observable((observer) => {
      let cancelled = false;
      const asked = new Set<string>(
        op.context.asksNobody === true ? ["factor_required", "unauthenticated"] : [],
      );
      let running = run();
      function run() {
        return next(op).subscribe({
          next: (value) => observer.next(value),
          complete: () => observer.complete(),
          error(error) {
            const { code } = toFailure(error);
            const ends = code === "unauthenticated" && op.context.asksNobody !== true;
            // What is only read while a form is open asks nobody, and leads nobody away: the form's own call does.
            const mendable = code === "factor_required" || (ends && held > 0 && op.type === "mutation");
            if (!mendable || asked.has(code)) {
              if (ends && held === 0) sessionEnded();
              return observer.error(error);
            }
            asked.add(code);
            void ask(code as Mendable).then((mended) => {
              if (cancelled) return;
              if (mended) running = run();
              else observer.error(ends ? left() : error);
            });
          },
        });
      }
      return () => {
        cancelled = true;
        running.unsubscribe();
      };
    });
