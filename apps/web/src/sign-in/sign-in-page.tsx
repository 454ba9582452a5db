import { useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "../ui/button.tsx";
import { useTitle } from "../ui/title.ts";
import { s } from "./messages.ts";
import { PasskeyButton } from "./passkey-button.tsx";
import { PasswordForm } from "./password-form.tsx";
import { safePath } from "./safe-path.ts";
import { SignInShell } from "./shell.tsx";
import { SignOnForm } from "./sign-on-form.tsx";
import { TokenForm } from "./token-form.tsx";

export function SignInPage() {
  useTitle(s.form.title);
  const router = useRouter();
  const queries = useQueryClient();
  const { next, ended } = useSearch({ from: "/sign-in" });
  const [way, setWay] = useState<"password" | "token" | "elsewhere">("password");
  const [step, setStep] = useState<"password" | "code">("password");
  const code = way === "password" && step === "code";

  function done() {
    // Nothing of whoever was signed in before is left.
    queries.clear();
    router.history.replace(safePath(next));
  }

  return (
    <SignInShell
      heading={code ? s.codeHeading : s.form.heading}
      lead={
        way === "token"
          ? s.form.lead
          : way === "elsewhere"
            ? s.elsewhereLead
            : code
              ? s.codeLead
              : s.passwordLead
      }
    >
      {ended ? (
        <p role="status" className="mt-5 rounded-lg bg-warn-soft px-3 py-2.5 text-sm text-warn-text">
          {s.form.ended}
        </p>
      ) : null}
      {way === "token" ? (
        <TokenForm onDone={done} />
      ) : way === "elsewhere" ? (
        <SignOnForm />
      ) : (
        <PasswordForm onDone={done} step={step} onStep={setStep} />
      )}
      {code ? null : (
        <div className="mt-2 space-y-2">
          {way === "password" ? <PasskeyButton onDone={done} /> : null}
          {way === "password" ? (
            <>
              <Button look="quiet" wide onPress={() => setWay("elsewhere")}>
                {s.useElsewhere}
              </Button>
              <Button look="quiet" wide onPress={() => setWay("token")}>
                {s.useToken}
              </Button>
            </>
          ) : (
            <Button look="quiet" wide onPress={() => setWay("password")}>
              {s.usePassword}
            </Button>
          )}
        </div>
      )}
    </SignInShell>
  );
}
