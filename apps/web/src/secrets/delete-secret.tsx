import { useState } from "react";
import { toFailure } from "../data/failure.ts";
import { useMay } from "../data/identity.ts";
import { client, type Secret } from "../data/trpc.ts";
import { standingOn, Touched, useForced } from "../life/touched.tsx";
import { useBlastRadius } from "../life/use-blast-radius.ts";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell, tellFailure } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
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
  const action = useAction();
  const { id, name, version } = secret;
  const radius = useBlastRadius(tenant, id).data;
  const refused = action.failed !== null && toFailure(action.failed).code === "in_use";
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

  async function submit() {
    const done = await action.run(async () => {
      await client.secrets.delete.mutate({
        tenant,
        id,
        ...(version === null ? {} : { expectedVersion: version }),
        ...(forced.reason === "" ? {} : { reason: forced.reason }),
        force: forced.force,
      });
    });
    if (!done) return;
    onClose();
    onDeleted?.();
    tell(
      sm.remove.done(name),
      may("secret.restore") ? { action: { label: sm.remove.undo, run: () => void restore() } } : {},
    );
    await refreshSecrets();
  }

  return (
    <FormDialog
      role="alertdialog"
      title={sm.remove.title(name)}
      lead={sm.remove.lead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={sm.remove.submit}
      busyWord={sm.remove.busy}
      look="danger"
      ready={sure}
    >
      <p className="rounded-lg bg-sunken px-3 py-2 font-mono text-sm select-none">{name}</p>
      <Field label={sm.remove.confirm} mono autoFocus value={typed} onChange={setTyped} />
      <Touched tenant={tenant} secret={secret} />
      {forced.field}
    </FormDialog>
  );
}
