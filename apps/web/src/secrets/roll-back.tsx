import { useState } from "react";
import { client, type Secret } from "../data/trpc.ts";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
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
  const action = useAction();
  const next = (secret.version ?? 0) + 1;

  async function submit() {
    await action.run(async () => {
      const { secret: after, changed } = await client.secrets.rollBack.mutate({
        tenant,
        id: secret.id,
        to,
        expectedVersion: secret.version ?? 0,
        ...(reason === "" ? {} : { reason }),
      });
      onClose();
      tell(changed ? sm.history.rollBackDone(secret.name, after.version ?? 0) : sm.rotate.same(secret.name));
      await refreshSecrets();
    });
  }

  return (
    <FormDialog
      title={sm.history.rollBackTitle(to)}
      lead={sm.history.rollBackLead(to, next)}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={sm.history.rollBack}
    >
      <Field
        label={sm.rotate.reason}
        optional
        hint={sm.rotate.reasonHint}
        autoFocus
        value={reason}
        onChange={setReason}
      />
    </FormDialog>
  );
}
