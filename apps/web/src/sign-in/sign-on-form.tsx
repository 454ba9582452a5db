import { type FormEvent, useState } from "react";
import { callPeople } from "../data/people.ts";
import { Button } from "../ui/button.tsx";
import { FailureNote } from "../ui/state.tsx";
import { useAction } from "../ui/use-action.ts";
import { EmailField } from "./email-field.tsx";
import { s } from "./messages.ts";

/** Sends somebody to the provider that speaks for the domain of their address. */
export function SignOnForm() {
  const { busy, failed, run } = useAction();
  const [email, setEmail] = useState("");
  const [empty, setEmpty] = useState(false);

  function submit(event: FormEvent) {
    event.preventDefault();
    setEmpty(email.trim() === "");
    if (email.trim() === "") return;
    void run(async () => {
      const { url } = await callPeople<{ url: string }>("POST", "/session/sign-on", { email });
      location.assign(url);
      // Until the browser has gone there, this button waits.
      await new Promise(() => {});
    });
  }

  return (
    <form onSubmit={submit} noValidate className="mt-6 space-y-4">
      <EmailField
        email={email}
        onChange={(text) => {
          setEmail(text);
          setEmpty(false);
        }}
        error={empty ? s.emptyEmail : undefined}
      />
      <FailureNote error={failed} />
      <div className="pt-2">
        <Button type="submit" look="primary" size="lg" wide isPending={busy}>
          {busy ? s.leaving : s.goElsewhere}
        </Button>
      </div>
    </form>
  );
}
