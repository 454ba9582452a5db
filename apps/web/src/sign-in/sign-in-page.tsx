import { useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { toFailure } from "../data/failure.ts";
import { signIn } from "../data/session.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Logo } from "../ui/logo.tsx";
import { FailureNote } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { safePath } from "./safe-path.ts";

export function SignInPage() {
  useTitle(m.signIn.title);
  const router = useRouter();
  const queries = useQueryClient();
  const { next, ended } = useSearch({ from: "/sign-in" });
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
      // Nothing of whoever was signed in before is left.
      queries.clear();
      router.history.replace(safePath(next));
    } catch (error) {
      setBusy(false);
      const { code } = toFailure(error);
      if (code === "unauthenticated" || code === "bad_input") setWrong(m.signIn.wrong);
      else setFailed(error);
    }
  }

  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <div className="mb-8 flex items-center gap-2.5">
          <Logo size={30} />
          <span className="text-lg font-semibold tracking-tight">{m.product}</span>
        </div>
        <h1 className="text-2xl font-semibold tracking-tight">{m.signIn.heading}</h1>
        <p className="mt-1.5 text-muted">{m.signIn.lead}</p>
        {ended ? (
          <p role="status" className="mt-5 rounded-lg bg-warn-soft px-3 py-2.5 text-sm text-warn-text">
            {m.signIn.ended}
          </p>
        ) : null}
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
      </div>
    </main>
  );
}
