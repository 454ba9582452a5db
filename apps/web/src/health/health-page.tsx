import { useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { Bars } from "../chart/bars.tsx";
import { type Outputs, trpc } from "../data/trpc.ts";
import { Processes } from "../keys/processes.tsx";
import { IconButton } from "../ui/button.tsx";
import { Moment } from "../ui/moment.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { FailureState, SkeletonRows } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { Jobs, needsSomebody } from "./jobs.tsx";
import { h } from "./messages.ts";

type Keys = Outputs["keys"]["status"];
type Status = Outputs["deployment"]["status"];

/** Days of service after which a root key is due. */
const DUE_DAYS = 90;

/** An operator's first look: what is well, and what is not. */
export function HealthPage() {
  useTitle(h.title);
  const keys = useQuery({ ...trpc.keys.status.queryOptions({}), staleTime: 0 });
  const status = useQuery({ ...trpc.deployment.status.queryOptions({}), staleTime: 0 });
  const error = keys.error ?? status.error;
  const again = () => {
    void keys.refetch();
    void status.refetch();
  };
  return (
    <>
      <PageHeader title={h.title} lead={h.lead}>
        <IconButton look="secondary" aria-label={h.refresh} onPress={again}>
          <RotateCw size={14} aria-hidden />
        </IconButton>
      </PageHeader>
      {error !== null ? (
        <section className={CARD}>
          <FailureState error={error} onRetry={again} />
        </section>
      ) : keys.data === undefined || status.data === undefined ? (
        <section className={CARD}>
          <SkeletonRows rows={5} />
        </section>
      ) : (
        <>
          <Signs keys={keys.data} status={status.data} />
          <Jobs jobs={status.data.jobs} />
          <Ages rootKeys={keys.data.rootKeys} />
          <Processes processes={status.data.processes} />
        </>
      )}
    </>
  );
}

interface Sign {
  name: string;
  well: boolean;
  says: ReactNode;
}

function Signs({ keys, status }: { keys: Keys; status: Status }) {
  const versions = [...new Set(status.processes.map(({ version }) => version))].sort();
  const { backup } = keys;
  const signs: Sign[] = [
    { name: h.database, well: true, says: h.postgres(status.database.version) },
    {
      name: h.versions,
      well: versions.length === 1,
      says:
        versions.length === 0 ? (
          h.noServers
        ) : (
          <>
            {versions.join(", ")} · {h.servers(status.processes.length)}
            {versions.length > 1 ? <span className="block">{h.mixed}</span> : null}
          </>
        ),
    },
    {
      name: h.backup,
      well: backup?.state === "confirmed",
      says:
        backup === null ? (
          h.backups.none
        ) : (
          <>
            {h.backups[backup.state]} · <Moment at={backup.madeAt} />
          </>
        ),
    },
    {
      name: h.checkpoint,
      well: status.checkpoint !== null,
      says:
        status.checkpoint === null ? (
          h.noCheckpoint
        ) : (
          <>
            <Moment at={status.checkpoint.at} />, {h.chains(status.checkpoint.chains)}
          </>
        ),
    },
    {
      name: h.rotation,
      well: !keys.rotation.overdue,
      says: (
        <>
          {keys.rotation.overdue ? h.overdue : h.due} <Moment at={keys.rotation.dueAt} />
        </>
      ),
    },
  ];
  const ill = signs.filter(({ well }) => !well).length + status.jobs.filter(needsSomebody).length;
  return (
    <section className={CARD} aria-label={h.signs}>
      <p
        className={`flex items-center gap-2.5 border-b border-line bg-sunken px-4 py-3.5 text-base font-medium ${
          ill === 0 ? "text-good-text" : "text-warn-text"
        }`}
      >
        {ill === 0 ? <CircleCheck size={18} aria-hidden /> : <CircleAlert size={18} aria-hidden />}
        {ill === 0 ? h.well : h.unwell(ill)}
      </p>
      <dl className="divide-y divide-line text-sm">
        {signs.map(({ name, well, says }) => (
          <div key={name} className="flex flex-wrap items-center gap-x-4 gap-y-0.5 px-4 py-3">
            <dt className="flex w-44 shrink-0 items-center gap-2 text-muted">
              {well ? (
                <CircleCheck size={14} aria-hidden className="text-good-text" />
              ) : (
                <CircleAlert size={14} aria-hidden className="text-warn-text" />
              )}
              {name}
            </dt>
            <dd className={`min-w-0 flex-1 basis-56 ${well ? "" : "font-medium text-warn-text"}`}>{says}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Ages({ rootKeys }: { rootKeys: Keys["rootKeys"] }) {
  const bars = rootKeys
    .filter(({ retiredAt, ageDays }) => retiredAt === null && ageDays !== null)
    .map(({ id, ageDays }) => ({
      id,
      label: id,
      value: ageDays ?? 0,
      said: h.days(ageDays ?? 0),
      loud: (ageDays ?? 0) > DUE_DAYS,
    }));
  if (bars.length === 0) return null;
  return (
    <section className={`${CARD} mt-8`}>
      <Bars
        title={h.ages}
        columns={h.ageColumns}
        bars={bars}
        limit={{ value: DUE_DAYS, label: h.dueAt }}
        asTable={h.asTable}
      />
    </section>
  );
}
