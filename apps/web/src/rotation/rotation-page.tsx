import { useParams } from "@tanstack/react-router";
import { CalendarCheck2, RotateCw } from "lucide-react";
import { useState } from "react";
import { inOrderOfNames } from "../locale.ts";
import { IconButton } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { FailureState, SkeletonRows, State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { DueRow } from "./due-row.tsx";
import { r } from "./messages.ts";
import { Timeline } from "./timeline.tsx";
import { type Due, ORDER, useDue, whenOf } from "./use-due.ts";

const AHEAD = ["30", "90", "366"].map((id) => ({ id, label: r.ahead[id]! }));

/** What is due, overdue, running and failed, and what comes. */
export function RotationPage() {
  const { tenant } = useParams({ from: "/app/t/$tenant/rotation" });
  useTitle(r.title, tenant);
  const [days, setDays] = useState("90");
  const query = useDue(tenant, Number(days));
  const due = query.data?.pages.flatMap((page) => page.due) ?? [];
  const groups = ORDER.flatMap((state) => {
    const items = due.filter((one) => one.state === state).toSorted(byTime);
    return items.length === 0 ? [] : [{ state, items }];
  });
  return (
    <>
      <PageHeader title={r.title} lead={r.lead}>
        <div className="flex items-center gap-2">
          <div className="w-40">
            <Choice compact label={r.within} options={AHEAD} value={days} onChange={setDays} />
          </div>
          <IconButton look="secondary" aria-label={r.refresh} onPress={() => void query.refetch()}>
            <RotateCw size={14} aria-hidden />
          </IconButton>
        </div>
      </PageHeader>
      {query.error ? (
        <section className={CARD}>
          <FailureState error={query.error} onRetry={() => void query.refetch()} />
        </section>
      ) : query.isPending ? (
        <section className={CARD}>
          <SkeletonRows />
        </section>
      ) : due.length === 0 && !query.hasNextPage ? (
        <section className={CARD}>
          <State icon={<CalendarCheck2 size={20} aria-hidden />} title={r.none} text={r.noneText} />
        </section>
      ) : (
        <div aria-busy={query.isFetching}>
          <Timeline due={due} days={Number(days)} now={query.dataUpdatedAt} />
          {groups.map(({ state, items }) => (
            <section key={state} aria-labelledby={`group-${state}`} className="mb-6">
              <h2
                id={`group-${state}`}
                className="flex items-baseline gap-2 text-base font-semibold tracking-tight"
              >
                {r.groups[state]}
                <span className="text-sm font-normal text-muted tabular-nums">{items.length}</span>
              </h2>
              <p className="mb-2 text-sm text-muted">{r.hints[state]}</p>
              <ul aria-label={r.list(r.groups[state])} className={`${CARD} divide-y divide-line`}>
                {items.map((one) => (
                  <DueRow key={one.secretId} tenant={tenant} due={one} />
                ))}
              </ul>
            </section>
          ))}
        </div>
      )}
    </>
  );
}

const byTime = (a: Due, b: Due): number =>
  (whenOf(a) ?? 0) - (whenOf(b) ?? 0) || inOrderOfNames(a.name, b.name);
