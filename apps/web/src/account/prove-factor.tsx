import { type FormEvent, useState } from "react";
import { toFailure } from "../data/failure.ts";
import { proveFactor } from "../data/people.ts";
import { m } from "../messages.ts";
import { PasskeyButton } from "../sign-in/passkey-button.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
import { a } from "./messages.ts";

/** Asks for a second factor, for what was refused without a fresh one. */
export function ProveFactor({ onProved, onClose }: { onProved: () => void; onClose: () => void }) {
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy || code.trim() === "") return;
    setBusy(true);
    setFailed(null);
    try {
      await proveFactor(code);
      onProved();
    } catch (error) {
      setBusy(false);
      if (toFailure(error).code === "bad_input") setWrong(true);
      else setFailed(error);
    }
  }

  return (
    <Dialog title={a.proveTitle} lead={a.proveLead} isOpen onClose={onClose} dismissable={!busy}>
      <form onSubmit={submit} noValidate>
        <Field
          label={a.proveCode}
          placeholder={a.appPlaceholder}
          remember="one-time-code"
          mono
          autoFocus
          value={code}
          onChange={(text) => {
            setCode(text);
            setWrong(false);
          }}
          error={wrong ? a.proveWrong : undefined}
        />
        <FailureNote error={failed} />
        <div className="mt-4">
          <PasskeyButton label={a.provePasskey} onDone={onProved} />
        </div>
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={busy}>
            {a.prove}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
