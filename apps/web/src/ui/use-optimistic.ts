import { useEffect, useRef } from "react";
import { hold } from "../data/asking.ts";
import { type Guess, optimistically } from "../data/optimistically.ts";
import { tellFailure } from "./toast.tsx";
import { type Action, useAction } from "./use-action.ts";

/** A form's call whose outcome is shown before the server has it. While it runs the form can be away, with what was typed. */
export interface Optimistic extends Pick<Action, "busy" | "failed"> {
  run(guesses: readonly Guess[], call: () => Promise<void>): Promise<boolean>;
}

/** Where the form is gone for good when the call fails, the failure is told at the screen's edge. */
export function useOptimistic(): Optimistic {
  const { busy, failed, run } = useAction();
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  return {
    busy,
    failed,
    run: (guesses, call) =>
      run(() => {
        const letGo = hold();
        return optimistically(guesses, call)
          .catch((error: unknown) => {
            if (!here.current) tellFailure(error);
            throw error;
          })
          .finally(letGo);
      }),
  };
}
