import { type FormEvent, useState } from "react";
import { toFailure } from "../data/failure.ts";
import { useMay } from "../data/identity.ts";
import { client, type Secret } from "../data/trpc.ts";
import { standingOn, Touched, useForced } from "../life/touched.tsx";
import { useBlastRadius } from "../life/use-blast-radius.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
import { tell, tellFailure } from "../ui/toast.tsx";
import { sm } from "./messages.ts";
import { refreshSecrets } from "./use-secrets.ts";

interface Props {
  tenant: string;
  secret: Secret;
  onClose: () => void;
  onDeleted?: () => void;
}

/** Deletes after the name was typed; undone by one click while the message stands. */
export function DeleteSecret({ tenant, secret, onClose, onDeleted }: Props) {
  const may = useMay();
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const { id, name, version } = secret;
  const radius = useBlastRadius(tenant, id).data;
  const refused = failed !== null && toFailure(failed).code === "in_use";
  const forced = useForced(standingOn(radius, null), refused, { required: false });
  const sure = typed === name && forced.ready;

  async function restore() {
    try {
      await client.secrets.restore.mutate({ tenant, id });
      tell(sm.remove.restored(name));
      await refreshSecrets();
    } catch (error) {
      tellFailure(error);
    }
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!sure || busy) return;
    setBusy(true);
    setFailed(null);
    try {
      await client.secrets.delete.mutate({
        tenant,
        id,
        ...(version === null ? {} : { expectedVersion: version }),
        ...(forced.reason === "" ? {} : { reason: forced.reason }),
        force: forced.force,
      });
      onClose();
      onDeleted?.();
      tell(
        sm.remove.done(name),
        may("secret.restore") ? { action: { label: sm.remove.undo, run: () => void restore() } } : {},
      );
      await refreshSecrets();
    } catch (error) {
      setFailed(error);
      setBusy(false);
    }
  }

  return (
    <Dialog
      role="alertdialog"
      title={sm.remove.title(name)}
      lead={sm.remove.lead}
      isOpen
      onClose={onClose}
      dismissable={!busy}
    >
      <form onSubmit={submit} noValidate autoComplete="off" className="space-y-5">
        <p className="rounded-lg bg-sunken px-3 py-2 font-mono text-sm select-none">{name}</p>
        <Field label={sm.remove.confirm} mono autoFocus value={typed} onChange={setTyped} />
        <Touched tenant={tenant} secret={secret} />
        {forced.field}
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="danger" isDisabled={!sure} isPending={busy}>
            {busy ? sm.remove.busy : sm.remove.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
