import { useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { Choice } from "../ui/choice.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { useAction } from "../ui/use-action.ts";
import { w } from "./messages.ts";
import { SecretOnce } from "./secret-once.tsx";

const OVERLAPS = [
  { id: "day", label: w.secret.overlaps.day, seconds: 86_400 },
  { id: "week", label: w.secret.overlaps.week, seconds: 604_800 },
  { id: "hour", label: w.secret.overlaps.hour, seconds: 3_600 },
  { id: "none", label: w.secret.overlaps.none, seconds: 0 },
] as const;

/** A new signing secret, beside the old one for a while. */
export function RotateSigning({ tenant, id, onClose }: { tenant: string; id: string; onClose: () => void }) {
  const action = useAction();
  const [overlap, setOverlap] = useState<(typeof OVERLAPS)[number]["id"]>("day");
  const [secret, setSecret] = useState<string | null>(null);
  async function rotate() {
    const overlapSeconds = OVERLAPS.find((one) => one.id === overlap)!.seconds;
    await action.run(async () => {
      const made = await client.webhooks.rotateSecret.mutate({ tenant, id, overlapSeconds });
      setSecret(made.secret);
      void queries.invalidateQueries(trpc.webhooks.pathFilter());
    });
  }
  if (secret !== null) return <SecretOnce secret={secret} onClose={onClose} />;
  return (
    <FormDialog
      title={w.secret.rotateTitle}
      lead={w.secret.rotateLead}
      action={action}
      onSubmit={() => void rotate()}
      onClose={onClose}
      word={w.secret.rotate}
    >
      <Choice label={w.secret.overlap} options={OVERLAPS} value={overlap} onChange={setOverlap} />
    </FormDialog>
  );
}
