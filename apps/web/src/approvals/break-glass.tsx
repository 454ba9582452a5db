import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useEnvironmentChoices } from "../data/places.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { ap } from "./messages.ts";

interface Props {
  tenant: string;
  /** The secret's id; null: it is to be named. */
  secretId: string | null;
  onClose: () => void;
  onBroken?: () => void;
}

/** An owner goes on without a second person: with a reason, and everybody is told. */
export function BreakGlass({ tenant, secretId, onClose, onBroken }: Props) {
  const action = useAction();
  const [where, setWhere] = useState<string | null>(null);
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  const known = useQuery({
    ...trpc.secrets.get.queryOptions({ tenant, id: secretId ?? "" }),
    enabled: secretId !== null,
  });
  const options = useEnvironmentChoices(tenant);
  const place = options.find(({ id }) => id === where) ?? options[0];

  async function submit() {
    const done = await action.run(async () => {
      const id =
        secretId ??
        (
          await client.secrets.get.query({
            tenant,
            project: place!.project,
            environment: place!.id,
            name: name.trim(),
          })
        ).id;
      await client.approvals.breakGlass.mutate({ tenant, id, reason: reason.trim() });
    });
    if (!done) return;
    onClose();
    onBroken?.();
    tell(ap.glass.done);
    await queries.invalidateQueries(trpc.approvals.pathFilter());
  }

  return (
    <FormDialog
      role="alertdialog"
      title={ap.glass.title}
      lead={ap.glass.lead}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={ap.glass.submit}
      busyWord={ap.glass.busy}
      look="danger"
      ready={reason.trim() !== "" && (secretId !== null || (name.trim() !== "" && place !== undefined))}
    >
      {secretId !== null ? (
        <p className="min-h-9 rounded-lg bg-sunken px-3 py-2 font-mono text-sm break-all">
          {known.data?.name ?? ""}
        </p>
      ) : (
        <>
          {place === undefined ? (
            <p className="text-sm text-muted">{ap.noPlaces}</p>
          ) : (
            <Choice label={ap.place} options={options} value={place.id} onChange={setWhere} />
          )}
          <Field label={ap.name} mono value={name} onChange={setName} />
        </>
      )}
      <Field label={ap.reason} hint={ap.glass.hint} value={reason} onChange={setReason} />
      <p className="rounded-lg bg-warn-soft px-3 py-2.5 text-sm text-warn-text">{ap.glass.told}</p>
    </FormDialog>
  );
}
