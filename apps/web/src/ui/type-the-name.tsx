import { type ReactNode, useState } from "react";
import { Field } from "./field.tsx";
import { FormDialog } from "./form-dialog.tsx";
import { useAction } from "./use-action.ts";

interface Props {
  title: string;
  lead: string;
  /** What is typed before the button works. */
  name: string;
  /** Above the field: that it is to be typed. */
  label: string;
  word: string;
  busyWord?: string;
  /** Whether all else that it needs was said. */
  ready?: boolean;
  /** Does it; what it throws is shown, and the dialog stays. */
  work: () => Promise<void>;
  onClose: () => void;
  children?: ReactNode;
}

/** Asks for the name, typed out, before something that cannot be undone. */
export function TypeTheName({ name, ready = true, busyWord, work, children, ...props }: Props) {
  const [typed, setTyped] = useState("");
  const action = useAction();
  return (
    <FormDialog
      role="alertdialog"
      title={props.title}
      lead={props.lead}
      action={action}
      onSubmit={() => void action.run(work).then((done) => done && props.onClose())}
      onClose={props.onClose}
      word={props.word}
      {...(busyWord === undefined ? {} : { busyWord })}
      look="danger"
      ready={typed === name && ready}
    >
      <p className="rounded-lg bg-sunken px-3 py-2 font-mono text-sm break-all select-none">{name}</p>
      <Field label={props.label} mono autoFocus value={typed} onChange={setTyped} />
      {children}
    </FormDialog>
  );
}
