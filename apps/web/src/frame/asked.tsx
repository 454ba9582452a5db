import { lazy, Suspense, useEffect, useState } from "react";
import { type Mendable, onAsked } from "../data/asking.ts";
import { useIdentity } from "../data/identity.ts";

const StepUpDialog = lazy(async () => ({
  default: (await import("../account/step-up-dialog.tsx")).StepUpDialog,
}));
const SignInAgain = lazy(async () => ({
  default: (await import("../sign-in/sign-in-again.tsx")).SignInAgain,
}));

/**
 * Asks wherever a call wants a fresh second factor, or is refused because the session has ended while a form is open. A
 * token proves no factor, and is not asked for one.
 */
export function Asked() {
  const isPerson = useIdentity().email !== null;
  const [waiting, setWaiting] = useState<{ what: Mendable; answer: (mended: boolean) => void } | null>(null);
  useEffect(() => {
    const asker = (what: Mendable) => () =>
      new Promise<boolean>((resolve) =>
        setWaiting({
          what,
          answer(mended) {
            setWaiting(null);
            resolve(mended);
          },
        }),
      );
    const offs = [
      onAsked("unauthenticated", asker("unauthenticated")),
      ...(isPerson ? [onAsked("factor_required", asker("factor_required"))] : []),
    ];
    return () => {
      for (const off of offs) off();
    };
  }, [isPerson]);
  if (waiting === null) return null;
  return (
    <Suspense>
      {waiting.what === "factor_required" ? (
        <StepUpDialog onAnswer={waiting.answer} />
      ) : (
        <SignInAgain onAnswer={waiting.answer} />
      )}
    </Suspense>
  );
}
