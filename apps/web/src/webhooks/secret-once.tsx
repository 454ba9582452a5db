import { ShownOnceDialog } from "../ui/shown-once.tsx";
import { w } from "./messages.ts";

/** A signing secret, this one time; null: it was shown before. */
export function SecretOnce({ secret, onClose }: { secret: string | null; onClose: () => void }) {
  return (
    <ShownOnceDialog
      title={w.secret.title}
      lead={w.secret.text}
      token={secret}
      name={w.secret.label}
      label={w.secret.label}
      onClose={onClose}
    >
      {secret === null ? <p className="text-sm">{w.secret.none}</p> : null}
    </ShownOnceDialog>
  );
}
