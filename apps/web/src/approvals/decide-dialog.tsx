import { useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
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
  const action = useAction();
  const [reason, setReason] = useState("");
  const asker = approval.requestedBy.name ?? m.unknown;
  const decide = () =>
    action.run(async () => {
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
    <FormDialog
      title={approve ? ap.approveTitle : ap.refuseTitle}
      lead={approve ? ap.approveText(asker) : ap.refuseText(asker)}
      action={action}
      onSubmit={() => void decide()}
      onClose={onClose}
      word={approve ? ap.approve : ap.refuse}
      look={approve ? "primary" : "danger"}
    >
      <blockquote className="rounded-xl border border-line bg-sunken px-4 py-3 text-sm">
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
    </FormDialog>
  );
}
