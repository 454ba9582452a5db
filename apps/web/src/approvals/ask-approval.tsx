import { useState } from "react";
import { useEnvironmentChoices } from "../data/places.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { ap } from "./messages.ts";

const KINDS = [
  { id: "change", label: ap.kindChange, text: ap.kindChangeText },
  { id: "reveal", label: ap.kindReveal, text: ap.kindRevealText },
] as const;

/** Asks to be let do what takes two people. */
export function AskApproval({ tenant, onClose }: { tenant: string; onClose: () => void }) {
  const action = useAction();
  const [kind, setKind] = useState<"change" | "reveal">("change");
  const [where, setWhere] = useState<string | null>(null);
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const options = useEnvironmentChoices(tenant);
  const chosen = options.find(({ id }) => id === where) ?? options[0];

  async function submit() {
    setTried(true);
    if (reason.trim() === "" || chosen === undefined) return;
    const done = await action.run(async () => {
      await client.approvals.request.mutate({
        tenant,
        project: chosen.project,
        environment: chosen.id,
        kind,
        reason: reason.trim(),
        ...(name.trim() === "" ? {} : { name: name.trim() }),
      });
    });
    if (!done) return;
    onClose();
    tell(ap.asked);
    await queries.invalidateQueries(trpc.approvals.pathFilter());
  }

  return (
    <FormDialog
      title={ap.askTitle}
      lead={ap.askLead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={ap.submit}
      busyWord={ap.busy}
      ready={chosen !== undefined}
    >
      <Choice label={ap.kind} options={KINDS} value={kind} onChange={setKind} />
      {chosen === undefined ? (
        <p className="text-sm text-muted">{ap.noPlaces}</p>
      ) : (
        <Choice label={ap.place} options={options} value={chosen.id} onChange={setWhere} />
      )}
      <Field label={ap.name} optional mono hint={ap.nameHint} value={name} onChange={setName} />
      <Field
        label={ap.reason}
        hint={ap.reasonHint}
        value={reason}
        onChange={setReason}
        error={tried && reason.trim() === "" ? ap.missingReason : undefined}
      />
    </FormDialog>
  );
}
