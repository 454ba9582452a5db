import { useState } from "react";
import { dates } from "../locale.ts";
import { CARD } from "../ui/page-header.tsx";
import { r } from "./messages.ts";
import { columns } from "./timeline-data.ts";
import { type Due, whenOf } from "./use-due.ts";

const day = dates({ weekday: "short", day: "numeric", month: "short" });
const month = dates({ month: "short" });
const HEIGHT = 56;

/** Coming rotations as bars on a line of days: each can be focused, and names what comes on it. */
export function Timeline({ due, days, now }: { due: readonly Due[]; days: number; now: number }) {
  const step = days > 180 ? 7 : 1;
  const all = columns(due, (one) => whenOf(one), { now, days, step });
  const [picked, setPicked] = useState<number | null>(null);
  const most = Math.max(1, ...all.map(({ items }) => items.length));
  const shown = picked === null ? null : all[picked];
  const total = all.reduce((sum, { items }) => sum + items.length, 0);
  return (
    <section aria-labelledby="timeline" className={`${CARD} mb-6 p-4`}>
      <header className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 id="timeline" className="text-base font-semibold tracking-tight">
          {r.timeline}
        </h2>
        <p className="text-xs text-muted">{total === 0 ? r.nothingComes : r.timelineText(days)}</p>
      </header>
      <ol className="mt-4 flex items-end gap-px sm:gap-0.5" style={{ height: HEIGHT }}>
        {all.map(({ from, items }, i) => {
          const when = i === 0 && step === 1 ? r.today : day.format(from);
          const weekend = step === 1 && [0, 6].includes(new Date(from).getDay());
          return (
            <li key={from} className="flex h-full min-w-0 flex-1 items-end">
              {items.length === 0 ? (
                <span aria-hidden className={`h-1 w-full rounded-sm ${weekend ? "bg-line/50" : "bg-line"}`} />
              ) : (
                <button
                  type="button"
                  aria-label={r.column(when, items.length)}
                  aria-pressed={picked === i}
                  data-hint={r.column(when, items.length)}
                  onClick={() => setPicked(picked === i ? null : i)}
                  className={`w-full rounded-sm ${picked === i ? "bg-accent-hover" : "bg-accent"} hover:bg-accent-hover`}
                  style={{ height: Math.max(14, (items.length / most) * HEIGHT) }}
                />
              )}
            </li>
          );
        })}
      </ol>
      <ol aria-hidden className="mt-1 flex text-xs text-muted">
        {all.map(({ from }, i) => {
          const first = i === 0 || new Date(from).getMonth() !== new Date(all[i - 1]!.from).getMonth();
          return (
            <li key={from} className="h-4 min-w-0 flex-1 overflow-visible whitespace-nowrap">
              {first ? (i === 0 ? r.today : month.format(from)) : null}
            </li>
          );
        })}
      </ol>
      <div role="status">
        {shown === null || shown === undefined ? null : (
          <p className="mt-2 border-t border-line pt-3 text-sm">
            <span className="font-medium">{day.format(shown.from)}</span>{" "}
            <span className="font-mono text-xs text-muted">
              {shown.items.map(({ name }) => name).join(", ")}
            </span>
          </p>
        )}
      </div>
    </section>
  );
}
