import { useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import type { Deciding } from "./approvals-page.tsx";
import { ap } from "./messages.ts";

/** Another person's yes or no, with what they say to it. */
export function DecideDialog({
  tenant,
  deciding: { approval, approve },
  onClose,
}: {
  tenant: string;
  deciding: Deciding;
  onClose: () => void;
}) {
  const { busy, failed, run } = useAction();
  const [reason, setReason] = useState("");
  const asker = approval.requestedBy.name ?? m.unknown;
  const decide = () =>
    run(async () => {
      await client.approvals.decide.mutate({
        tenant,
        id: approval.id,
        approve,
        ...(reason.trim() === "" ? {} : { reason: reason.trim() }),
      });
      onClose();
      tell(approve ? ap.approved : ap.refused);
      await queries.invalidateQueries(trpc.approvals.pathFilter());
    });
  return (
    <Dialog
      title={approve ? ap.approveTitle : ap.refuseTitle}
      lead={approve ? ap.approveText(asker) : ap.refuseText(asker)}
      isOpen
      onClose={onClose}
      dismissable={!busy}
    >
      <form
        noValidate
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void decide();
        }}
      >
        <blockquote className="mb-5 rounded-xl border border-line bg-sunken px-4 py-3 text-sm">
          <p className="flex flex-wrap items-center gap-x-2 font-medium">
            {ap.kinds[approval.kind]}
            {approval.name === null ? (
              <span>{ap.wholePlace}</span>
            ) : (
              <code className="break-all">{approval.name}</code>
            )}
          </p>
          <p className="mt-1 break-words text-muted">{approval.reason}</p>
        </blockquote>
        <Field label={ap.why} optional hint={ap.whyHint} autoFocus value={reason} onChange={setReason} />
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look={approve ? "primary" : "danger"} isPending={busy}>
            {approve ? ap.approve : ap.refuse}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
