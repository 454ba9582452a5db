import { type FormEvent, useState } from "react";
import { callPeople, type Me } from "../data/people.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
import { a } from "./messages.ts";
import { QrCode } from "./qr-code.tsx";
import { useFresh } from "./use-fresh.tsx";

interface Begun {
  secret: string;
  uri: string;
}

/** Sets up an authenticator app: the password once more, a code to scan, and a code back. */
export function AddApp({
  me,
  onDone,
  onClose,
}: {
  me: Me;
  onDone: (recoveryCodes: readonly string[] | null) => void;
  onClose: () => void;
}) {
  const [current, setCurrent] = useState("");
  const [begun, setBegun] = useState<Begun | null>(null);
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const { run, dialog } = useFresh();

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setFailed(null);
    await run(async () => {
      try {
        if (begun === null)
          setBegun(await callPeople<Begun>("POST", "/people/me/totp", me.factorRequired ? {} : { current }));
        else {
          const { recoveryCodes } = await callPeople<{ recoveryCodes: string[] | null }>(
            "POST",
            "/people/me/totp/confirm",
            { code },
          );
          onDone(recoveryCodes);
        }
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
    <Dialog
      title={a.appTitle}
      lead={begun === null ? a.appPasswordLead : a.appScan}
      isOpen
      onClose={onClose}
      dismissable={!busy}
    >
      <form onSubmit={submit} noValidate className="space-y-4">
        {begun === null ? (
          me.factorRequired || !me.hasPassword ? null : (
            <Field
              key="current"
              label={a.current}
              type="password"
              remember="current-password"
              autoFocus
              onChange={setCurrent}
            />
          )
        ) : (
          <>
            <QrCode text={begun.uri} label={a.appQr} />
            <p className="text-center text-sm text-muted">
              {a.appByHand}
              <code className="mt-1 block text-ink break-all select-all">{begun.secret}</code>
            </p>
            <Field
              key="code"
              label={a.appCode}
              placeholder={a.appPlaceholder}
              remember="one-time-code"
              mono
              autoFocus
              value={code}
              onChange={setCode}
            />
          </>
        )}
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={busy}>
            {begun === null ? a.next2 : a.turnOn}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
