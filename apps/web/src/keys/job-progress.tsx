import { CircleAlert } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "../ui/button.tsx";
import { FailureNote } from "../ui/state.tsx";
import { k } from "./messages.ts";
import { isOfRoots, type KeyJob } from "./use-key-job.ts";

interface Props {
  job: KeyJob;
  /** Whether this screen drives it. */
  driving: boolean;
  /** null: it is not this page's to drive. */
  onGoOn: (() => void) | null;
}

/** How far a job is: a bar, its numbers, and what can be done about it. */
export function JobProgress({ job, driving, onGoOn }: Props) {
  const { kind, done, total, state } = job;
  const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
  const numbers = [
    k.progress(done, total),
    job.rate === null ? null : k.rate(job.rate),
    job.secondsLeft === null ? null : k.left(job.secondsLeft),
  ].filter((text) => text !== null);
  return (
    <section aria-label={k.job[kind]} className="border-b border-line px-4 py-4">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 className="min-w-0 text-base font-semibold">
          {k.jobTitle[kind]}{" "}
          <code className="text-sm font-normal break-all text-muted">
            {[job.opener, job.tenantId].filter((is) => is !== null).join(" · ")}
          </code>
        </h2>
        <p className="text-sm text-muted tabular-nums">{numbers.join(" · ")}</p>
      </div>
      <div
        role="progressbar"
        aria-label={k.job[kind]}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={numbers.join(", ")}
        className="mt-2.5 h-2 overflow-hidden rounded-full bg-sunken ring-1 ring-line ring-inset"
      >
        <div
          className={`h-full origin-left rounded-full transition-transform duration-500 ${state === "stopped" ? "bg-danger" : "bg-accent"}`}
          style={{ transform: `scaleX(${percent / 100})` }}
        />
      </div>
      {state === "stopped" ? (
        <div className="mt-3 flex flex-wrap items-center justify-between gap-3">
          <p className="flex items-center gap-2 text-sm font-medium text-danger-text">
            <CircleAlert size={15} aria-hidden />
            {k.stopped(job.problem ?? "", isOfRoots(job))}
          </p>
          {onGoOn === null ? null : (
            <Button size="sm" onPress={onGoOn} isPending={driving}>
              {k.again}
            </Button>
          )}
        </div>
      ) : (
        <div className="mt-3 flex flex-wrap items-center justify-between gap-3">
          <p className="text-sm text-muted">
            {driving ? (kind === "retire" ? k.leaveRetire : k.leave) : k.elsewhere}
          </p>
          {driving || onGoOn === null ? null : (
            <Button size="sm" onPress={onGoOn}>
              {k.goOn}
            </Button>
          )}
        </div>
      )}
      {job.failed.length === 0 ? null : (
        <div className="mt-3 text-sm">
          <p>{k.failedTenants}</p>
          <ul className="mt-1 font-mono text-xs">
            {job.failed.map((tenant) => (
              <li key={tenant}>{tenant}</li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

/** Says a job's turns to who cannot see the bar: its start, each quarter, its end. Always there, so that it is read out. */
export function JobVoice({ job, error }: { job: KeyJob | null; error: unknown }) {
  const [said, setSaid] = useState("");
  const last = useRef({ id: "", quarter: -1, state: "" });
  useEffect(() => {
    if (job === null) return;
    const name = k.job[job.kind];
    const quarter = job.total === 0 ? 4 : Math.floor((4 * job.done) / job.total);
    const before = last.current;
    last.current = { id: job.id, quarter, state: job.state };
    if (job.state === "done") setSaid(k.said.done(name));
    else if (job.state === "stopped") setSaid(k.said.stopped(name));
    else if (before.id !== job.id) setSaid(k.said.started(name));
    else if (before.quarter !== quarter) setSaid(k.said.part(name, quarter * 25));
  }, [job]);
  return (
    <>
      <p role="status" className="sr-only">
        {said}
      </p>
      {error === null ? null : (
        <div className="border-b border-line px-4 pb-4">
          <FailureNote error={error} />
        </div>
      )}
    </>
  );
}
