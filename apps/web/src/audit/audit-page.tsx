import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { RotateCw, ScrollText } from "lucide-react";
import { useState } from "react";
import { inPages } from "../data/pages.ts";
import { client, type Outputs, trpc } from "../data/trpc.ts";
import { IconButton } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { More } from "../ui/more.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { FailureState, SkeletonRows, State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { AuditRow } from "./audit-row.tsx";
import { au } from "./messages.ts";

type Outcome = Outputs["audit"]["list"]["events"][number]["outcome"];

const ALL = "all";
const ACTIONS = [
  { id: ALL, label: au.allActions },
  ...Object.entries(au.nouns).map(([id, label]) => ({ id, label })),
];
const OUTCOMES = [
  { id: ALL, label: au.allOutcomes },
  ...Object.entries(au.outcomes).map(([id, label]) => ({ id, label })),
];

/** What happened in a tenant, newest first. */
export function AuditPage() {
  const { tenant } = useParams({ from: "/app/t/$tenant/audit" });
  useTitle(au.title, tenant);
  const [action, setAction] = useState<string>(ALL);
  const [outcome, setOutcome] = useState<string>(ALL);
  const filter = {
    tenant,
    ...(action === ALL ? {} : { action }),
    ...(outcome === ALL ? {} : { outcome: outcome as Outcome }),
  };
  const query = useInfiniteQuery({
    ...inPages(trpc.audit.list.infiniteQueryKey(filter), (page, options) =>
      client.audit.list.query({ ...filter, limit: 50, ...page }, options),
    ),
    // A log is read to see what is so now.
    staleTime: 0,
    placeholderData: keepPreviousData,
  });
  const events = query.data?.pages.flatMap((page) => page.events) ?? [];
  return (
    <>
      <PageHeader title={au.title} lead={au.lead}>
        <div className="flex w-full items-center gap-2 sm:w-auto">
          <div className="flex-1 sm:w-44">
            <Choice compact label={au.what} options={ACTIONS} value={action} onChange={setAction} />
          </div>
          <div className="flex-1 sm:w-44">
            <Choice compact label={au.outcome} options={OUTCOMES} value={outcome} onChange={setOutcome} />
          </div>
          <IconButton look="secondary" aria-label={au.refresh} onPress={() => void query.refetch()}>
            <RotateCw size={14} aria-hidden />
          </IconButton>
        </div>
      </PageHeader>
      <section className={CARD} aria-busy={query.isFetching}>
        {query.error ? (
          <FailureState error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <SkeletonRows />
        ) : events.length === 0 ? (
          <State icon={<ScrollText size={20} aria-hidden />} title={au.none} text={au.noneText} />
        ) : (
          <ol aria-label={au.tableLabel} className="divide-y divide-line">
            {events.map((event) => (
              <AuditRow key={event.seq} event={event} />
            ))}
          </ol>
        )}
        <More query={query} />
      </section>
    </>
  );
}
