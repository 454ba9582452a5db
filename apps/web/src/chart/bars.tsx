import { useId } from "react";

/** One bar: what it is, how much, and how it is said. */
export interface Bar {
  id: string;
  label: string;
  value: number;
  /** The value in words, for the table and for who hears it. */
  said: string;
  /** Beyond what is well. */
  loud?: boolean;
}

interface Props {
  title: string;
  /** The table's columns: what each row is, and what its number is. */
  columns: readonly [string, string];
  bars: readonly Bar[];
  /** A line across all bars, where something is due. */
  limit?: { value: number; label: string };
  /** What opens the table. */
  asTable: string;
}

const ROW = 26;
const WIDTH = 640;
const LEFT = 210;

/** Bars beside each other, and the same as a table for whoever reads rather than looks. */
export function Bars({ title, columns, bars, limit, asTable }: Props) {
  const id = useId();
  const most = Math.max(1, ...bars.map(({ value }) => value), limit?.value ?? 0);
  const across = (value: number) => (value / most) * (WIDTH - LEFT - 70);
  const height = bars.length * ROW + (limit === undefined ? 4 : 22);
  return (
    <figure aria-labelledby={id} className="px-4 py-4">
      <figcaption id={id} className="mb-3 text-sm font-medium">
        {title}
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: on a phone it scrolls, by keyboard too. */}
      <section aria-label={title} tabIndex={0} className="overflow-x-auto rounded">
        <svg
          viewBox={`0 0 ${WIDTH} ${height}`}
          className="w-full min-w-128 max-w-2xl text-xs"
          aria-hidden="true"
        >
          {bars.map((bar, i) => (
            <g key={bar.id} transform={`translate(0 ${i * ROW})`}>
              <text x={LEFT - 12} y={ROW / 2 + 4} textAnchor="end" className="fill-muted font-mono">
                {short(bar.label)}
              </text>
              <rect
                x={LEFT}
                y={5}
                width={Math.max(2, across(bar.value))}
                height={ROW - 10}
                rx={4}
                className={bar.loud ? "fill-warn-text" : "fill-accent"}
              />
              <text x={LEFT + Math.max(2, across(bar.value)) + 8} y={ROW / 2 + 4} className="fill-ink">
                {bar.said}
              </text>
            </g>
          ))}
          {limit === undefined ? null : (
            <g transform={`translate(${LEFT + across(limit.value)} 0)`}>
              <line y1={0} y2={bars.length * ROW} className="stroke-muted" strokeDasharray="3 4" />
              <text y={bars.length * ROW + 15} textAnchor="end" className="fill-muted">
                {limit.label}
              </text>
            </g>
          )}
        </svg>
      </section>
      <details className="mt-2 text-sm">
        <summary className="w-fit cursor-default rounded text-muted hover:text-ink">{asTable}</summary>
        <table className="mt-2 w-full max-w-2xl text-left">
          <caption className="sr-only">{title}</caption>
          <thead>
            <tr className="border-b border-line text-muted">
              {columns.map((column) => (
                <th key={column} scope="col" className="py-1.5 pr-4 font-medium">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {bars.map((bar) => (
              <tr key={bar.id}>
                <th scope="row" className="py-1.5 pr-4 font-mono text-xs font-normal break-all">
                  {bar.label}
                </th>
                <td className="py-1.5">{bar.said}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

const short = (label: string): string => (label.length > 26 ? `${label.slice(0, 25)}…` : label);
