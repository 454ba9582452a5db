import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { callPeople, type Me } from "../data/people.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Section } from "../ui/section.tsx";
import { FailureNote } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import { a } from "./messages.ts";
import { useFresh } from "./use-fresh.tsx";

export function PasswordSection({ me }: { me: Me }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Section
        title={a.password}
        text={a.passwordText}
        actions={<Button onPress={() => setOpen(true)}>{a.passwordChange}</Button>}
      />
      {open ? <ChangePassword me={me} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function ChangePassword({ me, onClose }: { me: Me; onClose: () => void }) {
  const queries = useQueryClient();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const { run, dialog } = useFresh();
  const asksCurrent = me.hasPassword && !me.factorRequired;

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setFailed(null);
    await run(async () => {
      try {
        await callPeople("POST", "/people/me/password", {
          password: next,
          ...(asksCurrent ? { current } : {}),
        });
        tell(a.changed);
        onClose();
        await queries.invalidateQueries({ queryKey: ["people"] });
      } catch (error) {
        setFailed(error);
        throw error;
      }
    })
      .catch(() => undefined)
      .finally(() => setBusy(false));
  }

  if (dialog !== null) return dialog;
  return (
    <Dialog title={a.passwordChange} lead={a.passwordText} isOpen onClose={onClose} dismissable={!busy}>
      <form onSubmit={submit} noValidate className="space-y-4">
        {asksCurrent ? (
          <Field
            label={a.current}
            type="password"
            remember="current-password"
            autoFocus
            onChange={setCurrent}
          />
        ) : null}
        <Field label={a.next} hint={a.nextHint} type="password" remember="new-password" onChange={setNext} />
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={busy}>
            {a.passwordChange}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
