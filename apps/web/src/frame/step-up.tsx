import { lazy, Suspense, useEffect, useState } from "react";
import { useIdentity } from "../data/identity.ts";
import { onStepUp } from "../data/step-up.ts";

const StepUpDialog = lazy(async () => ({
  default: (await import("../account/step-up-dialog.tsx")).StepUpDialog,
}));

/** Asks for a second factor wherever a call wants a fresh one. A token proves none, and is not asked. */
export function StepUp() {
  const isPerson = useIdentity().email !== null;
  const [waiting, setWaiting] = useState<{ answer: (proved: boolean) => void } | null>(null);
  useEffect(() => {
    if (!isPerson) return;
    return onStepUp(
      () =>
        new Promise((resolve) =>
          setWaiting({
            answer(proved) {
              setWaiting(null);
              resolve(proved);
            },
          }),
        ),
    );
  }, [isPerson]);
  if (waiting === null) return null;
  return (
    <Suspense>
      <StepUpDialog onAnswer={waiting.answer} />
    </Suspense>
  );
}
