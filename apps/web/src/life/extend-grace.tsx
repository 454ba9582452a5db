import { useState } from "react";
import { client, type Secret, type Version } from "../data/trpc.ts";
import { refreshSecrets } from "../secrets/use-secrets.ts";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
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
  const action = useAction();
  const [length, setLength] = useState<(typeof LENGTHS)[number]["id"]>("three");
  const [reason, setReason] = useState("");
  const left = version.openUntil === null ? "" : timeLeft(Date.parse(version.openUntil) - Date.now());

  async function submit() {
    const seconds = LENGTHS.find(({ id }) => id === length)!.seconds;
    const done = await action.run(async () => {
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
    <FormDialog
      title={l.grace.extendTitle(version.version)}
      lead={l.grace.extendLead(left)}
      action={action}
      onSubmit={() => void submit()}
      onClose={onClose}
      word={l.grace.extend}
      ready={reason.trim() !== ""}
    >
      <Choice label={l.grace.from} options={LENGTHS} value={length} onChange={setLength} />
      <Field label={l.force.reason} hint={l.force.hint} value={reason} onChange={setReason} />
    </FormDialog>
  );
}
