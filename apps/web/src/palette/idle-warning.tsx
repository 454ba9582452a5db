import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { p } from "./messages.ts";

/** Asks whether somebody is still there. @param seconds until they are signed out */
export function IdleWarning({ seconds, onStay }: { seconds: number; onStay: () => void }) {
  return (
    <Dialog role="alertdialog" title={p.idle.title} isOpen onClose={onStay} dismissable={false}>
      <p className="text-base tabular-nums">{p.idle.text(seconds)}</p>
      <DialogActions>
        <Button look="primary" autoFocus onPress={onStay}>
          {p.idle.stay}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
