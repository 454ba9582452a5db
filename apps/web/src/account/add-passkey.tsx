import { type FormEvent, useState } from "react";
import { ProblemError } from "../data/failure.ts";
import { callPeople, type Me } from "../data/people.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
import { a } from "./messages.ts";
import { useFresh } from "./use-fresh.tsx";

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
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const [none, setNone] = useState(false);
  const { run, dialog } = useFresh();
  const asksCurrent = me.hasPassword && !me.factorRequired;

  async function add() {
    const { startRegistration } = await import("@simplewebauthn/browser");
    const optionsJSON = await callPeople<Parameters<typeof startRegistration>[0]["optionsJSON"]>(
      "POST",
      "/people/me/passkeys",
      asksCurrent ? { current } : {},
    );
    const response = await startRegistration({ optionsJSON });
    const { recoveryCodes } = await callPeople<{ recoveryCodes: string[] | null }>(
      "POST",
      "/people/me/passkeys/confirm",
      { name: name.trim(), response },
    );
    onDone(recoveryCodes);
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy || name.trim() === "") return;
    setBusy(true);
    setFailed(null);
    setNone(false);
    await run(async () => {
      try {
        await add();
      } catch (error) {
        if (error instanceof ProblemError || error instanceof TypeError) {
          setFailed(error);
          throw error;
        }
        setNone(true);
      }
    })
      .catch(() => undefined)
      .finally(() => setBusy(false));
  }

  if (dialog !== null) return dialog;
  return (
    <Dialog title={a.addPasskey} lead={a.passkeyLead} isOpen onClose={onClose} dismissable={!busy}>
      <form onSubmit={submit} noValidate className="space-y-4">
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
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={busy} isDisabled={name.trim() === ""}>
            {a.addPasskey}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
