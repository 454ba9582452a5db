import { useQuery } from "@tanstack/react-query";
import { Columns } from "../chart/columns.tsx";
import { toFailure } from "../data/failure.ts";
import { client } from "../data/trpc.ts";
import { exactly } from "../ui/from-now.ts";
import { CARD } from "../ui/page-header.tsx";
import { FailureState } from "../ui/state.tsx";
import { addCounts } from "./add-counts.ts";
import type { Since } from "./filters.ts";
import { au } from "./messages.ts";

const c = au.chart;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const RANGES = {
  ever: { back: 30 * DAY, by: "day", title: c.month },
  week: { back: 7 * DAY, by: "hour", title: c.week },
  day: { back: DAY, by: "hour", title: c.day },
  hour: { back: DAY, by: "hour", title: c.day },
} as const;

/** Calls that one look makes at most. */
const MOST_PAGES = 6;

/** How much was read and refused, over the time that the log is looked at; a month, where that is all of it. */
export function AuditChart({ tenant, since }: { tenant: string; since: Since }) {
  const { back, by, title } = RANGES[since];
  const query = useQuery({
    // By the choice and not by the moment: else each look would be another question.
    queryKey: ["audit counts", tenant, since],
    queryFn: async ({ signal }) => {
      // Whole spans: the first one is as long as the others.
      const step = by === "day" ? DAY : HOUR;
      const from = (Math.floor((Date.now() - back) / step) + 1) * step;
      const input = { tenant, since: new Date(from).toISOString(), by };
      let counts = await client.audit.counts.query(input, { signal });
      for (let more = 1; more < MOST_PAGES && counts.nextCursor !== null; more++)
        counts = addCounts(
          counts,
          await client.audit.counts.query(
            { ...input, until: counts.until, cursor: counts.nextCursor },
            { signal },
          ),
        );
      return counts;
    },
    staleTime: 0,
  });
  const counts = query.data;
  // The list below says it, too, once for both.
  if (query.error && toFailure(query.error).code === "forbidden") return null;
  if (query.error)
    return (
      <section className={`${CARD} mb-4`}>
        <FailureState error={query.error} onRetry={() => void query.refetch()} />
      </section>
    );
  const spans = counts?.spans ?? [];
  const sum = (of: "reads" | "refused" | "failed") => spans.reduce((all, span) => all + span[of], 0);
  const series = (of: "reads" | "refused" | "failed", loud: boolean) => ({
    id: of,
    label: c[of],
    sum: c.sum(sum(of), Math.max(0, ...spans.map((span) => span[of])), by),
    values: spans.map((span) => span[of]),
    loud,
  });
  return (
    <section className={`${CARD} mb-4 min-h-62 px-4 py-4`} aria-busy={query.isFetching}>
      {counts === undefined ? null : (
        <>
          <Columns
            title={title}
            spans={spans.map(({ from }) => (by === "day" ? c.onDay(from) : c.inHour(from)))}
            series={[
              series("reads", false),
              series("refused", true),
              ...(sum("failed") === 0 ? [] : [series("failed", true)]),
            ]}
            table={{ open: c.asTable, span: by === "day" ? c.dayColumn : c.hourColumn, none: c.nothing }}
          />
          {counts.countedFrom > (spans[0]?.from ?? "") ? (
            <p className="mt-2 text-xs text-muted">{c.countedFrom(exactly(counts.countedFrom))}</p>
          ) : null}
        </>
      )}
    </section>
  );
}
