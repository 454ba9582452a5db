import { useState } from "react";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { k } from "./messages.ts";
import type { RootJob } from "./use-key-job.ts";

interface Props {
  kind: RootJob;
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
  return (
    <FormDialog
      role="alertdialog"
      title={title}
      onSubmit={() => {
        onClose();
        onStart();
      }}
      onClose={onClose}
      word={kind === "retire" ? k.retire : k.begin}
      look={kind === "retire" ? "danger" : "primary"}
      ready={sure}
    >
      <p className="text-sm text-muted">
        {kind === "rotate" ? k.rotateText(opener) : kind === "verify" ? k.verifyText(opener) : k.retireText}
      </p>
      {kind === "retire" ? (
        <div className="mt-4 space-y-4">
          <code className="block rounded-lg bg-sunken px-3 py-2 text-sm break-all">{opener}</code>
          <Field label={k.retireType(end)} mono autoFocus value={typed} onChange={setTyped} />
        </div>
      ) : null}
    </FormDialog>
  );
}
