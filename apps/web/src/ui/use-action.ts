import { useState } from "react";

export interface Action {
  busy: boolean;
  /** What the last try ended with; null: none did, or one runs. */
  failed: unknown;
  /** Runs it unless it runs already; answers whether it worked. What it needs is in its closure, and kept nowhere. */
  run(work: () => Promise<void>): Promise<boolean>;
}

/** One call that a form or a button makes. Not a mutation of the query client, which would keep what was sent. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  return {
    busy,
    failed,
    async run(work) {
      if (busy) return false;
      setBusy(true);
      setFailed(null);
      try {
        await work();
        return true;
      } catch (error) {
        setFailed(error);
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}
