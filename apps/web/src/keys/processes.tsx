import { Server } from "lucide-react";
import type { Outputs } from "../data/trpc.ts";
import { Badge } from "../ui/badge.tsx";
import { Moment } from "../ui/moment.tsx";
import { CARD } from "../ui/page-header.tsx";
import { k } from "./messages.ts";

type Process = Outputs["keys"]["status"]["processes"][number];

/** The servers that run, and the root keys that each holds. */
export function Processes({ processes }: { processes: readonly Process[] }) {
  return (
    <section aria-labelledby="processes" className="mt-8">
      <h2 id="processes" className="text-lg font-semibold tracking-tight">
        {k.processes}
      </h2>
      <p className="mt-0.5 mb-3 text-sm text-muted">{k.processesLead}</p>
      <div className={CARD}>
        {processes.length === 0 ? (
          <p className="px-4 py-6 text-sm text-muted">{k.noProcesses}</p>
        ) : (
          <ul aria-label={k.processesLabel} className="divide-y divide-line">
            {processes.map((one) => (
              <li key={one.id} className="flex flex-wrap items-start gap-x-4 gap-y-1 px-4 py-3">
                <Server size={16} aria-hidden className="mt-0.5 shrink-0 text-muted" />
                <div className="min-w-0 flex-1 basis-60">
                  <p className="flex flex-wrap items-center gap-2">
                    <span className="text-sm font-medium break-all">{one.name}</span>
                    {one.region === null ? null : <Badge>{one.region}</Badge>}
                    {one.runsJobs ? <Badge tone="good">{k.runsJobs}</Badge> : null}
                  </p>
                  <p className="mt-0.5 text-sm text-muted">
                    {k.release(one.version)} · {k.seen} <Moment at={one.seenAt} />
                  </p>
                </div>
                <dl className="grid min-w-0 basis-72 grid-cols-[6rem_minmax(0,1fr)] gap-x-3 text-sm">
                  <dt className="text-muted">{k.wrapsUnder}</dt>
                  <dd className="font-mono break-all">{one.currentKey}</dd>
                  {one.otherKeys.length === 0 ? null : (
                    <>
                      <dt className="text-muted">{k.opensWith}</dt>
                      <dd className="font-mono break-all">{one.otherKeys.join(", ")}</dd>
                    </>
                  )}
                </dl>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
