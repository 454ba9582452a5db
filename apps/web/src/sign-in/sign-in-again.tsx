import { useState } from "react";
import { renewIdentity, useIdentity } from "../data/identity.ts";
import { callPeople } from "../data/people.ts";
import { queries } from "../data/queries.ts";
import { signOut } from "../data/session.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { FailureNote } from "../ui/state.tsx";
import { useAction } from "../ui/use-action.ts";
import { s } from "./messages.ts";
import { PasskeyButton } from "./passkey-button.tsx";
import { PasswordForm } from "./password-form.tsx";
import { TokenForm } from "./token-form.tsx";

const w = s.again;

/**
 * Signs in over the form that is open, as whoever filled it in and nobody else: then the form's call runs again. Whoever
 * signs in by single sign-on does so in another tab, and says so here.
 */
export function SignInAgain({ onAnswer }: { onAnswer: (signedIn: boolean) => void }) {
  const { type, id, name, email, tenant } = useIdentity();
  const [step, setStep] = useState<"password" | "code">("password");
  const [problem, setProblem] = useState<string | null>(null);
  const { busy, failed, run } = useAction();

  const goOn = (here: boolean) =>
    run(async () => {
      setProblem(null);
      if (here && email !== null) await callPeople("POST", "/session/tenant", { tenant: tenant?.id ?? null });
      const now = await renewIdentity(
        (one) => one.type === type && one.tenant?.id === tenant?.id && (email === null || one.id === id),
      );
      if (now) {
        // What was read meanwhile was refused.
        void queries.refetchQueries({ type: "active", predicate: ({ state }) => state.status === "error" });
        return onAnswer(true);
      }
      setStep("password");
      setProblem(here ? w.other(name) : w.notYet(name));
      // What one person typed is not sent by another.
      if (here) await signOut();
    });
  const done = () => void goOn(true);

  return (
    <Dialog title={w.title} lead={w.lead(name)} isOpen onClose={() => onAnswer(false)} dismissable={!busy}>
      {problem === null ? null : (
        <p role="alert" className="rounded-lg bg-warn-soft px-3 py-2.5 text-sm text-warn-text">
          {problem}
        </p>
      )}
      {email === null ? (
        <TokenForm onDone={done} />
      ) : (
        <>
          <PasswordForm onDone={done} step={step} onStep={setStep} email={email} />
          {step === "code" ? null : (
            <div className="mt-2">
              <PasskeyButton onDone={done} />
            </div>
          )}
        </>
      )}
      <FailureNote error={failed} />
      <DialogActions>
        <Button look="quiet" isDisabled={busy} onPress={() => onAnswer(false)}>
          {w.back}
        </Button>
        <Button isPending={busy} onPress={() => void goOn(false)}>
          {w.elsewhere}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
