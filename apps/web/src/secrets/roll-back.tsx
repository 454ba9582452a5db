import { type FormEvent, useState } from "react";
import { client, type Secret } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import { sm } from "./messages.ts";
import { refreshSecrets } from "./use-secrets.ts";

interface Props {
  tenant: string;
  secret: Secret;
  to: number;
  onClose: () => void;
}

/** Rotates to an older version's value, which never comes here. */
export function RollBack({ tenant, secret, to, onClose }: Props) {
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const next = (secret.version ?? 0) + 1;

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setFailed(null);
    try {
      const { secret: after, changed } = await client.secrets.rollBack.mutate({
        tenant,
        id: secret.id,
        to,
        expectedVersion: secret.version ?? 0,
        ...(reason === "" ? {} : { reason }),
      });
      onClose();
      tell(changed ? m.history.rollBackDone(secret.name, after.version ?? 0) : sm.rotate.same(secret.name));
      await refreshSecrets();
    } catch (error) {
      setFailed(error);
      setBusy(false);
    }
  }

  return (
    <Dialog
      title={m.history.rollBackTitle(to)}
      lead={m.history.rollBackLead(to, next)}
      isOpen
      onClose={onClose}
      dismissable={!busy}
    >
      <form onSubmit={submit} noValidate autoComplete="off">
        <Field
          label={sm.rotate.reason}
          optional
          hint={sm.rotate.reasonHint}
          autoFocus
          value={reason}
          onChange={setReason}
        />
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={busy}>
            {m.history.rollBack}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
