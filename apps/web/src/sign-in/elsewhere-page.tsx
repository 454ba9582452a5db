import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { toFailure } from "../data/failure.ts";
import { callPeople } from "../data/people.ts";
import { Button } from "../ui/button.tsx";
import { FailureNote } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { useAction } from "../ui/use-action.ts";
import { CodeField } from "./code-field.tsx";
import { s } from "./messages.ts";
import { SignInShell } from "./shell.tsx";

/** What the provider gave the browser: taken out of the address at once, and sent once. */
let brought: string | null = null;

/** Where a provider of single sign-on sends the browser back to. */
export function ElsewherePage() {
  useTitle(s.form.title);
  const router = useRouter();
  const queries = useQueryClient();
  const [step, setStep] = useState<"waiting" | "code" | "failed">("waiting");
  const { busy, failed, run } = useAction();
  const [code, setCode] = useState("");
  const [wrong, setWrong] = useState(false);

  const confirm = (given: { answer: string } | { code: string }) =>
    run(async () => {
      try {
        await callPeople("POST", "/session/sign-on/confirm", given);
        queries.clear();
        router.history.replace("/");
      } catch (error) {
        const { code: why } = toFailure(error);
        if (why === "factor_required") return setStep("code");
        if (why === "bad_input" && "code" in given) return setWrong(true);
        setStep("failed");
        throw error;
      }
    });

  useEffect(() => {
    if (location.search === "" && brought === null) return setStep("failed");
    if (location.search === "") return;
    brought = location.search.slice(1);
    history.replaceState(history.state, "", location.pathname);
    void confirm({ answer: brought });
  }, []);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (code.trim() !== "") void confirm({ code });
  }

  return (
    <SignInShell
      heading={step === "code" ? s.codeHeading : s.form.heading}
      lead={step === "code" ? s.codeLead : step === "waiting" ? s.returning : s.notElsewhere}
    >
      {step === "code" ? (
        <form onSubmit={submit} noValidate className="mt-6 space-y-4">
          <CodeField
            label={s.code}
            code={code}
            onChange={(text) => {
              setCode(text);
              setWrong(false);
            }}
            error={wrong ? s.wrongCode : undefined}
          />
          <Button type="submit" look="primary" size="lg" wide isPending={busy}>
            {s.verify}
          </Button>
        </form>
      ) : step === "failed" ? (
        <div className="mt-2 space-y-4">
          <FailureNote error={failed} />
          <Button wide size="lg" onPress={() => void router.navigate({ to: "/sign-in" })}>
            {s.welcome.toSignIn}
          </Button>
        </div>
      ) : null}
    </SignInShell>
  );
}
