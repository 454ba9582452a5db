import type { ReactNode } from "react";
import { m } from "../messages.ts";
import { Button } from "./button.tsx";
import { Dialog, DialogActions } from "./dialog.tsx";
import { FailureNote } from "./state.tsx";
import { useAction } from "./use-action.ts";

interface Props {
  title: string;
  text: string;
  /** The button that does it. */
  word: string;
  /** Does it; what it throws is shown, and the dialog stays. */
  work: () => Promise<void>;
  onClose: () => void;
  children?: ReactNode;
}

/** Asks once more before something that hurts. */
export function Confirm({ title, text, word, work, onClose, children }: Props) {
  const { busy, failed, run } = useAction();
  return (
    <Dialog role="alertdialog" title={title} lead={text} isOpen onClose={onClose} dismissable={!busy}>
      {children}
      <FailureNote error={failed} />
      <DialogActions>
        <Button autoFocus onPress={onClose} isDisabled={busy}>
          {m.cancel}
        </Button>
        <Button
          look="danger"
          isPending={busy}
          onPress={() => void run(work).then((done) => done && onClose())}
        >
          {word}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
