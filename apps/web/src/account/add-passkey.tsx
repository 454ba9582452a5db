import { useState } from "react";
import { ProblemError } from "../data/failure.ts";
import type { Me } from "../data/people.ts";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { useAction } from "../ui/use-action.ts";
import { callMe } from "./call-me.ts";
import { a } from "./messages.ts";

/** Has the browser make a passkey, and keeps its public half. */
export function AddPasskey({
  me,
  onDone,
  onClose,
}: {
  me: Me;
  onDone: (recoveryCodes: readonly string[] | null) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState("");
  const [current, setCurrent] = useState("");
  const [none, setNone] = useState(false);
  const action = useAction();
  const asksCurrent = me.hasPassword && !me.factorRequired;

  async function add() {
    const { startRegistration } = await import("@simplewebauthn/browser");
    const optionsJSON = await callMe<Parameters<typeof startRegistration>[0]["optionsJSON"]>(
      "POST",
      "/people/me/passkeys",
      asksCurrent ? { current } : {},
    );
    const response = await startRegistration({ optionsJSON });
    const { recoveryCodes } = await callMe<{ recoveryCodes: string[] | null }>(
      "POST",
      "/people/me/passkeys/confirm",
      { name: name.trim(), response },
    );
    onDone(recoveryCodes);
  }

  function submit() {
    setNone(false);
    void action.run(async () => {
      try {
        await add();
      } catch (error) {
        // Anything else is the browser's, which says no more than that there is none.
        if (error instanceof ProblemError || error instanceof TypeError) throw error;
        setNone(true);
      }
    });
  }

  return (
    <FormDialog
      title={a.addPasskey}
      lead={a.passkeyLead}
      action={action}
      onSubmit={submit}
      personal
      onClose={onClose}
      word={a.addPasskey}
      ready={name.trim() !== ""}
    >
      <Field
        label={a.passkeyName}
        placeholder={a.passkeyPlaceholder}
        autoFocus
        value={name}
        onChange={setName}
        error={none ? a.passkeyNone : undefined}
      />
      {asksCurrent ? (
        <Field label={a.current} type="password" remember="current-password" onChange={setCurrent} />
      ) : null}
    </FormDialog>
  );
}
