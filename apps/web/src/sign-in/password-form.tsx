import { type FormEvent, useState } from "react";
import { toFailure } from "../data/failure.ts";
import { callPeople, signInWithPassword } from "../data/people.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
import { useAction } from "../ui/use-action.ts";
import { CodeField } from "./code-field.tsx";
import { EmailField } from "./email-field.tsx";
import { s } from "./messages.ts";

interface Props {
  onDone: () => void;
  /** Told when the password was right and a code is asked for; and when one starts over. */
  onStep: (step: "password" | "code") => void;
  step: "password" | "code";
  /** Whose address is filled in already. */
  email?: string;
}

/** An address and a password; then, where somebody has a second factor, a code. Kept in this component and nowhere else. */
export function PasswordForm({ onDone, onStep, step, email: known = "" }: Props) {
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const { busy, failed, run } = useAction();
  const forgetting = useAction();
  const [asked, setAsked] = useState(false);
  const [wrong, setWrong] = useState<{ email?: string; password?: string; code?: string }>({});

  async function submit(event: FormEvent) {
    event.preventDefault();
    const missing = {
      ...(email.trim() === "" ? { email: s.emptyEmail } : {}),
      ...(password === "" ? { password: s.emptyPassword } : {}),
      ...(step === "code" && code.trim() === "" ? { code: s.emptyCode } : {}),
    };
    setWrong(missing);
    if (Object.keys(missing).length > 0) return;
    await run(async () => {
      try {
        await signInWithPassword({ email, password, ...(step === "code" ? { code } : {}) });
        setPassword("");
        onDone();
      } catch (error) {
        const failure = toFailure(error);
        if (failure.code === "factor_required") onStep("code");
        else if (failure.code === "unauthenticated" || failure.code === "bad_input")
          setWrong(step === "code" ? { code: s.wrongCode } : { password: s.wrongPassword });
        else throw error;
      }
    });
  }

  async function forgot() {
    setWrong(email.trim() === "" ? { email: s.emptyEmail } : {});
    if (email.trim() === "") return;
    await forgetting.run(async () => {
      await callPeople("POST", "/people/forgot", { email });
      setAsked(true);
    });
  }

  return (
    <form onSubmit={submit} noValidate className="mt-6 space-y-4">
      {step === "password" ? (
        <>
          <EmailField
            key="email"
            email={email}
            onChange={(text) => {
              setEmail(text);
              setWrong({});
            }}
            error={wrong.email}
          />
          <Field
            key="password"
            label={s.password}
            type="password"
            remember="current-password"
            onChange={(text) => {
              setPassword(text);
              setWrong({});
            }}
            error={wrong.password}
          />
        </>
      ) : (
        <CodeField
          label={s.code}
          code={code}
          onChange={(text) => {
            setCode(text);
            setWrong({});
          }}
          error={wrong.code}
        />
      )}
      <FailureNote error={failed ?? forgetting.failed} />
      {asked ? (
        <p role="status" className="rounded-lg bg-good-soft px-3 py-2.5 text-sm text-good-text">
          {s.forgotSent}
        </p>
      ) : null}
      <div className="space-y-2 pt-2">
        <Button type="submit" look="primary" size="lg" wide isPending={busy}>
          {busy ? s.form.busy : step === "code" ? s.verify : s.form.submit}
        </Button>
        {step === "code" ? (
          <Button
            look="quiet"
            wide
            onPress={() => {
              setPassword("");
              setCode("");
              setWrong({});
              onStep("password");
            }}
          >
            {s.back}
          </Button>
        ) : (
          <Button look="quiet" wide isPending={forgetting.busy} onPress={() => void forgot()}>
            {s.forgot}
          </Button>
        )}
      </div>
    </form>
  );
}
