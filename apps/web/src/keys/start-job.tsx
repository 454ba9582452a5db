import { type FormEvent, useState } from "react";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { k } from "./messages.ts";
import type { JobKind } from "./use-key-job.ts";

interface Props {
  kind: JobKind;
  /** The root key that it is about. */
  opener: string;
  onStart: () => void;
  onClose: () => void;
}

/** Asks before a job begins; a retirement wants the end of the fingerprint typed, so that it is the one that was meant. */
export function StartJob({ kind, opener, onStart, onClose }: Props) {
  const end = opener.slice(-4);
  const [typed, setTyped] = useState("");
  const sure = kind !== "retire" || typed.trim() === end;
  const title = { rotate: k.rotateTitle, verify: k.verifyTitle, retire: k.retireTitle }[kind];
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!sure) return;
    onClose();
    onStart();
  }
  return (
    <Dialog role="alertdialog" title={title} isOpen onClose={onClose}>
      <form onSubmit={submit} noValidate autoComplete="off">
        <p className="text-sm text-muted">
          {kind === "rotate" ? k.rotateText(opener) : kind === "verify" ? k.verifyText(opener) : k.retireText}
        </p>
        {kind === "retire" ? (
          <div className="mt-4 space-y-4">
            <code className="block rounded-lg bg-sunken px-3 py-2 text-sm break-all">{opener}</code>
            <Field label={k.retireType(end)} mono autoFocus value={typed} onChange={setTyped} />
          </div>
        ) : null}
        <DialogActions>
          <Button onPress={onClose}>{m.cancel}</Button>
          <Button type="submit" look={kind === "retire" ? "danger" : "primary"} isDisabled={!sure}>
            {kind === "retire" ? k.retire : k.begin}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
