import { type ReactNode, useState } from "react";
import { toFailure } from "../data/failure.ts";
import { ProveFactor } from "./prove-factor.tsx";

/**
 * Runs what may ask for a fresh second factor: where it does, a dialog asks for one, and it runs again.
 * @returns the runner, and the dialog to be shown beside the screen (null while none is asked for)
 */
export function useFresh(): { run: (work: () => Promise<void>) => Promise<void>; dialog: ReactNode } {
  const [waiting, setWaiting] = useState<{ work: () => Promise<void> } | null>(null);
  async function run(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (toFailure(error).code !== "factor_required") throw error;
      setWaiting({ work });
    }
  }
  return {
    run,
    dialog:
      waiting === null ? null : (
        <ProveFactor
          onClose={() => setWaiting(null)}
          onProved={() => {
            setWaiting(null);
            void waiting.work();
          }}
        />
      ),
  };
}
