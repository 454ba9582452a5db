import { useQuery } from "@tanstack/react-query";
import { Check, CircleAlert, LoaderCircle } from "lucide-react";
import { useState } from "react";
import { toFailure } from "../data/failure.ts";
import { useMay } from "../data/identity.ts";
import { type Outputs, trpc } from "../data/trpc.ts";
import { Button } from "../ui/button.tsx";
import { fromNow } from "../ui/from-now.ts";
import { l } from "./messages.ts";
import { RunDialog } from "./run-dialog.tsx";

type Run = Outputs["rotation"]["status"];

const STEPS = ["make", "set", "test", "finish"] as const;
const AT: Partial<Record<Run["phase"], number>> = { make: 0, set: 1, test: 2, switch: 2, finish: 3 };
const isOver = ({ phase }: Run) => phase === "done" || phase === "abandoned";

/** A rotation that is under way or does not get on; nothing where the last one is done. */
export function RunSection({ tenant, id }: { tenant: string; id: string }) {
  const may = useMay();
  const [open, setOpen] = useState<"retry" | "abandon" | null>(null);
  const query = useQuery({
    ...trpc.rotation.status.queryOptions({ tenant, id }),
    retry: (count, error) => count < 2 && toFailure(error).code === "unreachable",
    refetchInterval: ({ state }) => (state.data === undefined || isOver(state.data) ? false : 4_000),
  });
  const run = query.data;
  if (run === undefined || isOver(run)) return null;
  const bad = run.phase === "failed" || run.phase === "undo";
  return (
    <div
      className={`mt-3 rounded-xl border px-4 py-3 text-sm ${bad ? "border-transparent bg-danger-soft text-danger-text" : "border-line bg-sunken"}`}
    >
      <p role="status" className="flex items-center gap-2 font-medium">
        {bad ? (
          <CircleAlert size={16} aria-hidden />
        ) : (
          <LoaderCircle
            size={16}
            aria-hidden
            className="animate-spin text-accent-text motion-reduce:animate-none"
          />
        )}
        {run.phase === "failed" ? l.run.failed : run.phase === "undo" ? l.run.undoing : l.run.running}
        {run.version === null ? null : <span className="font-normal">· v{run.version}</span>}
      </p>
      {bad ? null : <Steps at={AT[run.phase] ?? 0} />}
      {run.sentence === null ? null : (
        <p className="mt-1">
          {run.sentence} {run.targetCode === null ? null : <code className="text-xs">{run.targetCode}</code>}
        </p>
      )}
      <p className={`mt-1 text-xs ${bad ? "" : "text-muted"}`}>
        {bad ? `${l.run.old} ` : ""}
        {run.attempts === 0 ? "" : l.run.tries(run.attempts)}
        {run.nextTryAt === null ? "" : ` · ${l.run.nextTry(fromNow(run.nextTryAt, Date.now()))}`}
      </p>
      <div className="mt-2 flex flex-wrap gap-2">
        {may("rotation.retry") && run.phase !== "undo" ? (
          <Button size="sm" onPress={() => setOpen("retry")}>
            {l.run.retry}
          </Button>
        ) : null}
        {may("rotation.abandon") ? (
          <Button size="sm" look="danger-quiet" onPress={() => setOpen("abandon")}>
            {l.run.abandon}
          </Button>
        ) : null}
      </div>
      {open === null ? null : (
        <RunDialog
          tenant={tenant}
          id={id}
          what={open}
          atTarget={run.phase !== "failed" && run.phase !== "make"}
          onClose={() => setOpen(null)}
        />
      )}
    </div>
  );
}

function Steps({ at }: { at: number }) {
  return (
    <ol className="mt-2 flex gap-4 text-xs">
      {STEPS.map((step, i) => (
        <li
          key={step}
          aria-current={i === at ? "step" : undefined}
          className={`flex items-center gap-1 ${i === at ? "font-medium text-accent-text" : "text-muted"}`}
        >
          {i < at ? <Check size={12} aria-hidden /> : <span aria-hidden>{i + 1}.</span>}
          {l.run.steps[step]}
        </li>
      ))}
    </ol>
  );
}
