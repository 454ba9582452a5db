import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { ScrollText } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useIdentity } from "../data/identity.ts";
import { inPages } from "../data/pages.ts";
import { client, queries, trpc } from "../data/trpc.ts";
import { Listed } from "../ui/listed.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { AuditActions } from "./audit-actions.tsx";
import { AuditFilters } from "./audit-filters.tsx";
import { AuditRow } from "./audit-row.tsx";
import { EVERYTHING, type Filters, inputOf, isOfAll } from "./filters.ts";
import { au } from "./messages.ts";

const AuditChart = lazy(async () => ({ default: (await import("./audit-chart.tsx")).AuditChart }));

const LOOK_MS = 5_000;

/** What happened in a tenant, newest first; live, where somebody asks for it. */
export function AuditPage() {
  const { tenant } = useParams({ from: "/app/t/$tenant/audit" });
  useTitle(au.title, tenant);
  const identity = useIdentity();
  const [filters, setFilters] = useState<Filters>(EVERYTHING);
  const [live, setLive] = useState(false);
  const filter = { tenant, ...inputOf(filters) };
  const pages = useInfiniteQuery({
    ...inPages(trpc.audit.list.infiniteQueryKey(filter), (page, options) =>
      client.audit.list.query({ ...filter, limit: 50, ...page }, options),
    ),
    // A log is read to see what is so now.
    staleTime: 0,
    enabled: !live,
    placeholderData: keepPreviousData,
  });
  const tail = useQuery({
    ...trpc.audit.list.queryOptions({ ...filter, limit: 100 }),
    staleTime: 0,
    enabled: live,
    refetchInterval: LOOK_MS,
    placeholderData: keepPreviousData,
  });
  const query = live ? tail : pages;
  const events = live
    ? (tail.data?.events ?? []).filter(
        ({ action, actor }) => action !== "audit.read" || actor.id !== identity.id,
      )
    : (pages.data?.pages.flatMap((page) => page.events) ?? []);
  const look = () => {
    void query.refetch();
    void queries.invalidateQueries({ queryKey: ["audit counts", tenant] });
  };
  return (
    <>
      <PageHeader title={au.title} lead={live ? au.liveHint : au.lead}>
        <AuditActions tenant={tenant} live={live} onLive={setLive} onRefresh={look} />
      </PageHeader>
      <AuditFilters filters={filters} onChange={setFilters} />
      {/* Where the log itself cannot be read, that is said once. */}
      {live || pages.isLoadingError || !isOfAll(filters) ? null : (
        <Suspense fallback={<div className={`${CARD} mb-4 min-h-62`} />}>
          <AuditChart tenant={tenant} since={filters.since} />
        </Suspense>
      )}
      <section className={CARD} aria-busy={query.isFetching}>
        <Listed
          query={query}
          label={au.tableLabel}
          ordered
          empty={<State icon={<ScrollText size={20} aria-hidden />} title={au.none} text={au.noneText} />}
        >
          {events.map((event) => (
            <AuditRow key={event.seq} event={event} onOnly={(only) => setFilters({ ...filters, ...only })} />
          ))}
        </Listed>
      </section>
    </>
  );
}
