import { useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, RotateCw } from "lucide-react";
import { useState } from "react";
import { type Outputs, trpc } from "../data/trpc.ts";
import { Badge } from "../ui/badge.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Moment } from "../ui/moment.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { FailureState, SkeletonRows } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { JobProgress, JobVoice } from "./job-progress.tsx";
import { k } from "./messages.ts";
import { Processes } from "./processes.tsx";
import { RootKeyRow } from "./root-key-row.tsx";
import { StartJob } from "./start-job.tsx";
import { StartTenantJob } from "./start-tenant-job.tsx";
import { TenantKeys } from "./tenant-keys.tsx";
import { isOfRoots, type RootJob, type TenantJob, useKeyJob, workOf } from "./use-key-job.ts";

type Status = Outputs["keys"]["status"];

/** How often the screen looks while somebody else drives a job, in milliseconds: each look is an audit event. */
const LOOK_MS = 5_000;

/** An operator's page of root keys: what they wrap, what is due, and the jobs over them and over the keys of tenants. */
export function KeysPage() {
  useTitle(k.title);
  const driven = useKeyJob();
  const [asking, setAsking] = useState<{ kind: RootJob; opener: string } | null>(null);
  const [asked, setAsked] = useState<{ kind: TenantJob; opener: string | null } | null>(null);
  const query = useQuery({
    ...trpc.keys.status.queryOptions({}),
    staleTime: 0,
    refetchInterval: ({ state }) =>
      !driven.driving && state.data?.jobs.some((job) => job.state === "running") ? LOOK_MS : false,
  });
  const status = query.data;
  const { job: mine, driving } = driven;
  // What this screen drives is newer than what it last read.
  const open = (status?.jobs ?? []).filter(
    (job) => job.state !== "done" && !(driving && job.kind === mine?.kind),
  );
  if (driving && mine !== null) open.unshift(mine);
  const rotation = open.find((job) => job.kind === "rotate");
  const busy = driving || open.some((job) => job.state === "running" && isOfRoots(job));
  return (
    <>
      <PageHeader title={k.title} lead={k.lead}>
        <IconButton look="secondary" aria-label={k.refresh} onPress={() => void query.refetch()}>
          <RotateCw size={14} aria-hidden />
        </IconButton>
      </PageHeader>
      <section className={CARD} aria-busy={query.isFetching}>
        {query.error ? (
          <FailureState error={query.error} onRetry={() => void query.refetch()} />
        ) : status === undefined ? (
          <SkeletonRows rows={3} />
        ) : (
          <>
            <Health
              status={status}
              lacking={rotation === undefined ? status.lacking : rotation.total - rotation.done}
              busy={busy}
              onAsk={(kind) => setAsking({ kind, opener: status.current })}
            />
            {open.map((job) => {
              const on = workOf(job);
              return (
                <JobProgress
                  key={job.id}
                  job={job}
                  driving={driving && job === mine}
                  onGoOn={on === null ? null : () => driven.drive(on)}
                />
              );
            })}
            <JobVoice job={driven.job} error={driven.error} />
            <ul aria-label={k.listLabel} className="divide-y divide-line">
              {status.rootKeys.map((root) => (
                <RootKeyRow
                  key={root.id}
                  root={root}
                  keys={status.keys}
                  onRetire={
                    busy || root.current || root.retiredAt !== null
                      ? null
                      : () => setAsking({ kind: "retire", opener: root.id })
                  }
                  onRemove={
                    driving || root.current || root.retiredAt !== null
                      ? null
                      : () => setAsked({ kind: "remove_opener", opener: root.id })
                  }
                />
              ))}
            </ul>
          </>
        )}
      </section>
      {status === undefined ? null : (
        <TenantKeys
          removal={status.jobs.find(({ kind }) => kind === "remove_opener")}
          busy={driving}
          onAsk={(kind) => setAsked({ kind, opener: null })}
        />
      )}
      {status === undefined ? null : <Processes processes={status.processes} />}
      {asking === null ? null : (
        <StartJob {...asking} onClose={() => setAsking(null)} onStart={() => driven.drive(asking)} />
      )}
      {asked === null ? null : (
        <StartTenantJob {...asked} onClose={() => setAsked(null)} onStart={driven.drive} />
      )}
    </>
  );
}

interface HealthProps {
  status: Status;
  /** Keys that are not wrapped under the current root key yet. */
  lacking: number;
  busy: boolean;
  onAsk: (kind: "rotate" | "verify") => void;
}

/** Whether all is well, and what to do next. */
function Health({ status, lacking, busy, onAsk }: HealthProps) {
  const { keys, rotation, verifiedAt } = status;
  const good = lacking === 0 && !rotation.overdue;
  const well = lacking === 0;
  return (
    <section
      aria-label={k.health}
      className="flex flex-wrap items-start justify-between gap-4 border-b border-line bg-sunken px-4 py-4"
    >
      <div className="flex min-w-0 flex-1 basis-72 gap-3">
        <span className={`mt-0.5 ${good ? "text-good-text" : "text-warn-text"}`}>
          {good ? <CircleCheck size={18} aria-hidden /> : <CircleAlert size={18} aria-hidden />}
        </span>
        <div className="min-w-0 space-y-0.5 text-sm">
          <p className="text-base font-medium">{well ? k.allWrapped : k.lacking(lacking, keys)}</p>
          <p className="text-muted">
            {well ? (
              verifiedAt === null ? (
                k.notVerified
              ) : (
                <>
                  {k.verifiedOn} <Moment at={verifiedAt} />.
                </>
              )
            ) : (
              k.lackingHint
            )}
          </p>
          <p className="text-muted">
            {k.due} <Moment at={rotation.dueAt} />{" "}
            {rotation.overdue ? <Badge tone="danger">{k.overdue}</Badge> : null}
          </p>
          {rotation.overdue ? <p className="text-muted">{k.howTo}</p> : null}
        </div>
      </div>
      <div className="flex gap-2">
        <Button isDisabled={busy || !well} onPress={() => onAsk("verify")}>
          {k.verify}
        </Button>
        <Button
          look={well ? "secondary" : "primary"}
          isDisabled={busy || well}
          onPress={() => onAsk("rotate")}
        >
          {k.rotate}
        </Button>
      </div>
    </section>
  );
}
