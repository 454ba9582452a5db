import { type FormEvent, useState } from "react";
import { toFailure } from "../data/failure.ts";
import { signIn } from "../data/session.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";

/** Trades a token for a session. */
export function TokenForm({ onDone }: { onDone: () => void }) {
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const [wrong, setWrong] = useState<string | undefined>();

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy) return;
    const pasted = token.trim();
    setFailed(null);
    setWrong(pasted === "" ? m.signIn.empty : undefined);
    if (pasted === "") return;
    setBusy(true);
    try {
      await signIn(pasted);
      setToken("");
      onDone();
    } catch (error) {
      setBusy(false);
      const { code } = toFailure(error);
      if (code === "unauthenticated" || code === "bad_input") setWrong(m.signIn.wrong);
      else setFailed(error);
    }
  }

  return (
    <form onSubmit={submit} noValidate className="mt-6">
      {/* A password field, so that nobody reads it over a shoulder. */}
      <Field
        label={m.signIn.token}
        hint={m.signIn.hint}
        placeholder={m.signIn.placeholder}
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
          {busy ? m.signIn.busy : m.signIn.submit}
        </Button>
      </div>
    </form>
  );
}
