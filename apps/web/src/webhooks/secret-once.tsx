import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { ShownOnce } from "../ui/shown-once.tsx";
import { w } from "./messages.ts";

/** A signing secret, this one time; null: it was shown before. */
export function SecretOnce({ secret, onClose }: { secret: string | null; onClose: () => void }) {
  return (
    <Dialog title={w.secret.title} lead={w.secret.text} isOpen onClose={onClose} dismissable={false}>
      {secret === null ? (
        <p className="text-sm">{w.secret.none}</p>
      ) : (
        <ShownOnce token={secret} name={w.secret.label} label={w.secret.label} />
      )}
      <DialogActions>
        <Button onPress={onClose}>{m.done}</Button>
      </DialogActions>
    </Dialog>
  );
}
