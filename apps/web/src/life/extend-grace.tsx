import { type FormEvent, useState } from "react";
import { client, type Secret, type Version } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { refreshSecrets } from "../secrets/use-secrets.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote } from "../ui/state.tsx";
import { timeLeft } from "../ui/time-left.ts";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { l } from "./messages.ts";

const { choices } = l.grace;
const LENGTHS = [
  { id: "hour", label: choices.hour, seconds: 3_600 },
  { id: "day", label: choices.day, seconds: 86_400 },
  { id: "three", label: choices.three, seconds: 3 * 86_400 },
  { id: "week", label: choices.week, seconds: 7 * 86_400 },
  { id: "month", label: choices.month, seconds: 30 * 86_400 },
  { id: "quarter", label: choices.quarter, seconds: 90 * 86_400 },
] as const;

interface Props {
  tenant: string;
  secret: Secret;
  version: Version;
  onClose: () => void;
}

/** Lets a version open for longer. */
export function ExtendGrace({ tenant, secret, version, onClose }: Props) {
  const { busy, failed, run } = useAction();
  const [length, setLength] = useState<(typeof LENGTHS)[number]["id"]>("three");
  const [reason, setReason] = useState("");
  const left = version.openUntil === null ? "" : timeLeft(Date.parse(version.openUntil) - Date.now());

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (reason.trim() === "") return;
    const seconds = LENGTHS.find(({ id }) => id === length)!.seconds;
    const done = await run(async () => {
      await client.versions.extendGrace.mutate({
        tenant,
        id: secret.id,
        version: version.version,
        seconds,
        reason: reason.trim(),
      });
    });
    if (!done) return;
    onClose();
    tell(l.grace.extended(version.version));
    await refreshSecrets();
  }

  return (
    <Dialog
      title={l.grace.extendTitle(version.version)}
      lead={l.grace.extendLead(left)}
      isOpen
      onClose={onClose}
      dismissable={!busy}
    >
      <form onSubmit={submit} noValidate autoComplete="off" className="space-y-5">
        <Choice label={l.grace.from} options={LENGTHS} value={length} onChange={setLength} />
        <Field label={l.force.reason} hint={l.force.hint} value={reason} onChange={setReason} />
        <FailureNote error={failed} />
        <DialogActions>
          <Button onPress={onClose} isDisabled={busy}>
            {m.cancel}
          </Button>
          <Button type="submit" look="primary" isPending={busy} isDisabled={reason.trim() === ""}>
            {l.grace.extend}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
