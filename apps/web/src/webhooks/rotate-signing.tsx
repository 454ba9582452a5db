import { useState } from "react";
import { client, queries, trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { FailureNote } from "../ui/state.tsx";
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
  const { busy, failed, run } = useAction();
  const [overlap, setOverlap] = useState<(typeof OVERLAPS)[number]["id"]>("day");
  const [secret, setSecret] = useState<string | null>(null);
  async function rotate() {
    const overlapSeconds = OVERLAPS.find((one) => one.id === overlap)!.seconds;
    await run(async () => {
      const made = await client.webhooks.rotateSecret.mutate({ tenant, id, overlapSeconds });
      setSecret(made.secret);
      void queries.invalidateQueries(trpc.webhooks.pathFilter());
    });
  }
  if (secret !== null) return <SecretOnce secret={secret} onClose={onClose} />;
  return (
    <Dialog
      title={w.secret.rotateTitle}
      lead={w.secret.rotateLead}
      isOpen
      onClose={onClose}
      dismissable={!busy}
    >
      <Choice label={w.secret.overlap} options={OVERLAPS} value={overlap} onChange={setOverlap} />
      <FailureNote error={failed} />
      <DialogActions>
        <Button onPress={onClose} isDisabled={busy}>
          {m.cancel}
        </Button>
        <Button look="primary" isPending={busy} onPress={() => void rotate()}>
          {w.secret.rotate}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
