import { useState } from "react";
import type { Me } from "../data/people.ts";
import { CodeField } from "../sign-in/code-field.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { useAction } from "../ui/use-action.ts";
import { callMe } from "./call-me.ts";
import { a } from "./messages.ts";
import { QrCode } from "./qr-code.tsx";

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
  const action = useAction();

  function submit() {
    void action.run(async () => {
      if (begun === null)
        return setBegun(await callMe<Begun>("POST", "/people/me/totp", me.factorRequired ? {} : { current }));
      const { recoveryCodes } = await callMe<{ recoveryCodes: string[] | null }>(
        "POST",
        "/people/me/totp/confirm",
        { code },
      );
      onDone(recoveryCodes);
    });
  }

  return (
    <FormDialog
      title={a.appTitle}
      lead={begun === null ? a.appPasswordLead : a.appScan}
      action={action}
      onSubmit={submit}
      personal
      onClose={onClose}
      word={begun === null ? a.next2 : a.turnOn}
    >
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
          <CodeField key="code" label={a.appCode} code={code} onChange={setCode} error={undefined} />
        </>
      )}
    </FormDialog>
  );
}
