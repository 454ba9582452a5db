import { type FormEvent, useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { refreshSecrets } from "../secrets/use-secrets.ts";
import { Button } from "../ui/button.tsx";
import { Checkbox } from "../ui/checkbox.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
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
  const { busy, failed, run } = useAction();
  const [reason, setReason] = useState("");
  const [force, setForce] = useState(false);
  const words =
    what === "retry"
      ? { title: l.run.retryTitle, lead: l.run.retryLead, button: l.run.retry, done: l.run.retried }
      : { title: l.run.abandonTitle, lead: l.run.abandonLead, button: l.run.abandon, done: l.run.abandoned };

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (reason.trim() === "") return;
    const done = await run(async () => {
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
    <Dialog
      role={what === "abandon" ? "alertdialog" : "dialog"}
      title={words.title}
      lead={words.lead}
      isOpen
      onClose={onClose}
      dismissable={!busy}
    >
      <form onSubmit={submit} noValidate autoComplete="off" className="space-y-5">
        {what === "abandon" && atTarget ? (
          <Checkbox checked={force} onChange={setForce}>
            {l.run.forceTarget}
          </Checkbox>
        ) : null}
        <Field label={l.force.reason} hint={l.force.hint} value={reason} onChange={setReason} />
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button
            type="submit"
            look={what === "retry" ? "primary" : "danger"}
            isPending={busy}
            isDisabled={reason.trim() === ""}
          >
            {words.button}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
