import { ShownOnceDialog } from "../ui/shown-once.tsx";
import { a } from "./messages.ts";

/** Recovery codes, this one time: they go with the dialog. */
export function RecoveryCodes({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  return (
    <ShownOnceDialog
      title={a.codesTitle}
      lead={a.codesLead}
      token={codes}
      name={a.codesLabel}
      label={a.codesLabel}
      onClose={onClose}
      done={a.codesKept}
    />
  );
}
