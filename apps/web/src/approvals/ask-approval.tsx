import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { placesOptions } from "../data/places.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { ap } from "./messages.ts";

const KINDS = [
  { id: "change", label: ap.kindChange, text: ap.kindChangeText },
  { id: "reveal", label: ap.kindReveal, text: ap.kindRevealText },
] as const;

/** Asks to be let do what takes two people. */
export function AskApproval({ tenant, onClose }: { tenant: string; onClose: () => void }) {
  const { busy, failed, run } = useAction();
  const [kind, setKind] = useState<"change" | "reveal">("change");
  const [where, setWhere] = useState<string | null>(null);
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const places = useQuery(placesOptions(tenant)).data ?? [];
  const options = places.flatMap((project) =>
    project.environments.map((environment) => ({
      id: environment.id,
      project: project.id,
      label: `${project.name} / ${environment.name}`,
    })),
  );
  const chosen = options.find(({ id }) => id === where) ?? options[0];

  async function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (reason.trim() === "" || chosen === undefined) return;
    const done = await run(async () => {
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
    <Dialog title={ap.askTitle} lead={ap.askLead} isOpen onClose={onClose} dismissable={!busy}>
      <form onSubmit={submit} noValidate autoComplete="off" className="space-y-5">
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
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={busy} isDisabled={chosen === undefined}>
            {busy ? ap.busy : ap.submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
