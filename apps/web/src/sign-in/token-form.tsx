import { type FormEvent, useState } from "react";
import { toFailure } from "../data/failure.ts";
import { signIn } from "../data/session.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
import { useAction } from "../ui/use-action.ts";
import { s } from "./messages.ts";

/** Trades a token for a session. */
export function TokenForm({ onDone }: { onDone: () => void }) {
  const [token, setToken] = useState("");
  const { busy, failed, run } = useAction();
  const [wrong, setWrong] = useState<string | undefined>();

  async function submit(event: FormEvent) {
    event.preventDefault();
    const pasted = token.trim();
    setWrong(pasted === "" ? s.form.empty : undefined);
    if (pasted === "") return;
    await run(async () => {
      try {
        await signIn(pasted);
        setToken("");
        onDone();
      } catch (error) {
        const { code } = toFailure(error);
        if (code !== "unauthenticated" && code !== "bad_input") throw error;
        setWrong(s.form.wrong);
      }
    });
  }

  return (
    <form onSubmit={submit} noValidate className="mt-6">
      {/* A password field, so that nobody reads it over a shoulder. */}
      <Field
        label={s.form.token}
        hint={s.form.hint}
        placeholder={s.form.placeholder}
        type="password"
        mono
        autoFocus
        onChange={(text) => {
          setToken(text);
          setWrong(undefined);
        }}
        error={wrong}
      />
      <FailureNote error={failed} />
      <div className="mt-6">
        <Button type="submit" look="primary" size="lg" wide isPending={busy}>
          {busy ? s.form.busy : s.form.submit}
        </Button>
      </div>
    </form>
  );
}
