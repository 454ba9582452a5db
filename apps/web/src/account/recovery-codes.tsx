import { copyAndTell } from "../reveal/read-value.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { a } from "./messages.ts";

/** Recovery codes, this one time: they go with the dialog. */
export function RecoveryCodes({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  return (
    <Dialog title={a.codesTitle} lead={a.codesLead} isOpen onClose={onClose} dismissable={false}>
      <ul
        aria-label={a.codesLabel}
        className="grid grid-cols-2 gap-x-6 gap-y-2 rounded-xl border border-accent/40 px-4 py-3.5 font-mono text-sm"
      >
        {codes.map((code) => (
          <li key={code} className="select-all">
            {code}
          </li>
        ))}
      </ul>
      <DialogActions>
        <Button onPress={() => void copyAndTell(a.codesLabel, async () => codes.join("\n"))}>
          {a.copyCodes}
        </Button>
        <Button look="primary" onPress={onClose}>
          {a.codesKept}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
