import { type ReactNode, useEffect } from "react";
import { hold } from "../data/asking.ts";
import { m } from "../messages.ts";
import { Button } from "./button.tsx";
import { Dialog, DialogActions } from "./dialog.tsx";
import { FailureNote } from "./state.tsx";
import type { Action } from "./use-action.ts";

interface Props {
  title: ReactNode;
  lead?: ReactNode;
  /** What sending it runs: nothing closes the dialog meanwhile, and what it failed with stands above the buttons. */
  action?: Pick<Action, "busy" | "failed">;
  onSubmit: () => void;
  onClose: () => void;
  /** The button that sends it. */
  word: string;
  /** The same while it runs. */
  busyWord?: string;
  /** Whether it can be sent yet. */
  ready?: boolean;
  look?: "primary" | "danger";
  /** The button that leaves it. */
  leave?: string;
  /** What can be done about a failure, below its sentence. */
  help?: ReactNode;
  /** Whether what is typed belongs to the person, so that their password manager may fill it. */
  personal?: boolean;
  role?: "dialog" | "alertdialog";
  children?: ReactNode;
}

const IDLE = { busy: false, failed: null };

/** A form in a dialog: its fields, what went wrong, and the two buttons that end it. */
export function FormDialog(props: Props) {
  const { title, lead, onClose, role = "dialog", look = "primary", ready = true, personal = false } = props;
  const { busy, failed } = props.action ?? IDLE;
  useEffect(hold, []);
  return (
    <Dialog role={role} title={title} lead={lead} isOpen onClose={onClose} dismissable={!busy}>
      <form
        noValidate
        autoComplete={personal ? "on" : "off"}
        className="space-y-5"
        onSubmit={(event) => {
          event.preventDefault();
          // React's events rise through portals: a dialog over another one's form must not send that, too.
          event.stopPropagation();
          if (ready && !busy) props.onSubmit();
        }}
      >
        {props.children}
        <FailureNote error={failed}>{props.help}</FailureNote>
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {props.leave ?? m.cancel}
          </Button>
          <Button type="submit" look={look} isPending={busy} isDisabled={!ready}>
            {busy ? (props.busyWord ?? props.word) : props.word}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
