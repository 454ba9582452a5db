import type { Outputs } from "../data/trpc.ts";
import { Badge } from "../ui/badge.tsx";
import { Moment } from "../ui/moment.tsx";
import { CARD } from "../ui/page-header.tsx";
import { h } from "./messages.ts";

type Job = Outputs["deployment"]["status"]["jobs"][number];

/** Whether somebody must look after a job. */
export const needsSomebody = (job: Job): boolean => job.overdue || job.problem !== null;

/** Every background job: how often, when last, and whether it went well. */
export function Jobs({ jobs }: { jobs: readonly Job[] }) {
  const first = jobs.toSorted((a, b) => Number(needsSomebody(b)) - Number(needsSomebody(a)));
  return (
    <section aria-labelledby="jobs" className="mt-8">
      <h2 id="jobs" className="text-lg font-semibold tracking-tight">
        {h.jobs}
      </h2>
      <p className="mt-0.5 mb-3 text-sm text-muted">{h.jobsLead}</p>
      <ul aria-label={h.jobs} className={`${CARD} divide-y divide-line`}>
        {first.map((job) => (
          <li key={job.name} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 text-sm">
            <code className="min-w-0 flex-1 basis-44 text-xs">{job.name}</code>
            <span className="w-24 text-muted">{h.every(job.everySeconds)}</span>
            <span className="w-40 text-muted">
              {job.finishedAt === null ? null : (
                <>
                  {h.ran} <Moment at={job.finishedAt} />
                </>
              )}
            </span>
            <span className="w-32 sm:text-right">
              {job.problem !== null ? (
                <Badge tone="danger">{`${h.jobState.failed}: ${job.problem}`}</Badge>
              ) : job.overdue ? (
                <Badge tone="danger">{h.jobState.overdue}</Badge>
              ) : job.finishedAt === null ? (
                <Badge>{h.jobState.waiting}</Badge>
              ) : (
                <Badge tone="good">{h.jobState.well}</Badge>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
