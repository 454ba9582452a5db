import { useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { refreshSecrets } from "../secrets/use-secrets.ts";
import { Checkbox } from "../ui/checkbox.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { l } from "./messages.ts";

interface Props {
  tenant: string;
  id: string;
  what: "retry" | "abandon";
  /** Whether the target may hold the new value: giving up takes a word on that. */
  atTarget: boolean;
  onClose: () => void;
}

/** Tries a rotation again, or gives it up, with a reason. */
export function RunDialog({ tenant, id, what, atTarget, onClose }: Props) {
  const action = useAction();
  const [reason, setReason] = useState("");
  const [force, setForce] = useState(false);
  const words =
    what === "retry"
      ? { title: l.run.retryTitle, lead: l.run.retryLead, button: l.run.retry, done: l.run.retried }
      : { title: l.run.abandonTitle, lead: l.run.abandonLead, button: l.run.abandon, done: l.run.abandoned };

  async function submit() {
    const done = await action.run(async () => {
      const input = { tenant, id, reason: reason.trim() };
      if (what === "retry") await client.rotation.retry.mutate(input);
      else await client.rotation.abandon.mutate({ ...input, force });
    });
    if (!done) return;
    onClose();
    tell(words.done);
    await Promise.all([queries.invalidateQueries(trpc.rotation.pathFilter()), refreshSecrets()]);
  }

  return (
    <FormDialog
      role={what === "abandon" ? "alertdialog" : "dialog"}
      title={words.title}
      lead={words.lead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={words.button}
      look={what === "retry" ? "primary" : "danger"}
      ready={reason.trim() !== ""}
    >
      {what === "abandon" && atTarget ? (
        <Checkbox checked={force} onChange={setForce}>
          {l.run.forceTarget}
        </Checkbox>
      ) : null}
      <Field label={l.force.reason} hint={l.force.hint} value={reason} onChange={setReason} />
    </FormDialog>
  );
}
