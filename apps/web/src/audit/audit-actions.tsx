import { Download, Eraser, Radio, RotateCw, ShieldCheck } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useMay } from "../data/identity.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { tell, tellFailure } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { exportLines, saveFile, TooLarge } from "./export-lines.ts";
import { au } from "./messages.ts";
import { VerifyDialog } from "./verify-dialog.tsx";

const PruneDialog = lazy(async () => ({ default: (await import("./prune-dialog.tsx")).PruneDialog }));

interface Props {
  tenant: string;
  live: boolean;
  onLive: (live: boolean) => void;
  onRefresh: () => void;
}

/** Watching the log, verifying it, and taking it away. */
export function AuditActions({ tenant, live, onLive, onRefresh }: Props) {
  const may = useMay();
  const { busy, run } = useAction();
  const [verifying, setVerifying] = useState(false);
  const [pruning, setPruning] = useState(false);
  const save = () =>
    run(async () => {
      try {
        const lines = await exportLines(tenant, () => {});
        saveFile(`${tenant}-audit.jsonl`, lines);
        tell(au.exported(lines.length));
      } catch (error) {
        if (error instanceof TooLarge) tell(au.verify.tooLarge, { failed: true });
        else tellFailure(error);
      }
    });
  return (
    <div className="flex flex-wrap items-center gap-2">
      <button
        type="button"
        aria-pressed={live}
        onClick={() => onLive(!live)}
        className={`flex h-9 items-center gap-1.5 rounded-lg border px-3 text-sm font-medium ${
          live
            ? "border-transparent bg-accent-soft text-accent-text"
            : "border-line bg-surface hover:bg-hover"
        }`}
      >
        <Radio size={15} aria-hidden />
        {au.live}
      </button>
      {may("audit.export") ? (
        <Button isPending={busy} onPress={() => void save()}>
          <Download size={15} aria-hidden />
          {au.export}
        </Button>
      ) : null}
      {may("audit.export") && may("audit.checkpoint") ? (
        <Button onPress={() => setVerifying(true)}>
          <ShieldCheck size={15} aria-hidden />
          {au.verifyOpen}
        </Button>
      ) : null}
      {may("audit.prune") ? (
        <Button onPress={() => setPruning(true)}>
          <Eraser size={15} aria-hidden />
          {au.prune.open}
        </Button>
      ) : null}
      <IconButton look="secondary" aria-label={au.refresh} onPress={onRefresh}>
        <RotateCw size={14} aria-hidden />
      </IconButton>
      {pruning ? (
        <Suspense>
          <PruneDialog tenant={tenant} onDone={onRefresh} onClose={() => setPruning(false)} />
        </Suspense>
      ) : null}
      {verifying ? <VerifyDialog tenant={tenant} onClose={() => setVerifying(false)} /> : null}
    </div>
  );
}
