import { useId } from "react";
import { inNumbers } from "../locale.ts";

/** What is counted: one row of columns, on a scale of its own, since what is rare would vanish beside what is usual. */
export interface Series {
  id: string;
  label: string;
  /** All of it in words, beside the label. */
  sum: string;
  values: readonly number[];
  loud?: boolean;
}

interface Props {
  title: string;
  /** What each column stands for, as it is said: an hour or a day. */
  spans: readonly string[];
  series: readonly Series[];
  /** What opens the table, what heads its first column, and what it says where nothing happened at all. */
  table: { open: string; span: string; none: string };
}

const HEIGHT = 40;

/** Columns over time, and the same as a table for whoever reads rather than looks: of spans in which something happened. */
export function Columns({ title, spans, series, table }: Props) {
  const id = useId();
  const busy = spans.map((_, i) => i).filter((i) => series.some(({ values }) => (values[i] ?? 0) > 0));
  return (
    <figure aria-labelledby={id}>
      <figcaption id={id} className="text-sm font-medium">
        {title}
      </figcaption>
      <div aria-hidden="true">
        {series.map((one) => (
          <Row key={one.id} series={one} spans={spans} />
        ))}
        <p className="mt-1.5 flex justify-between text-xs text-muted">
          <span>{spans[0]}</span>
          <span>{spans.at(-1)}</span>
        </p>
      </div>
      <ul className="sr-only">
        {series.map(({ id: key, label, sum }) => (
          <li key={key}>
            {label}: {sum}
          </li>
        ))}
      </ul>
      <details className="mt-2 text-sm">
        <summary className="w-fit cursor-default rounded text-muted hover:text-ink">{table.open}</summary>
        {busy.length === 0 ? (
          <p className="mt-2 text-muted">{table.none}</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a long table is scrolled by keyboard, too.
          <section aria-label={title} tabIndex={0} className="mt-2 max-h-64 overflow-auto rounded">
            <table className="w-full text-left">
              <thead>
                <tr className="border-b border-line text-muted">
                  {[table.span, ...series.map(({ label }) => label)].map((column) => (
                    <th key={column} scope="col" className="py-1.5 pr-4 font-medium">
                      {column}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody className="divide-y divide-line tabular-nums">
                {busy.map((i) => (
                  <tr key={spans[i]}>
                    <th scope="row" className="py-1.5 pr-4 font-normal">
                      {spans[i]}
                    </th>
                    {series.map(({ id: key, values }) => (
                      <td key={key} className="py-1.5 pr-4">
                        {inNumbers(values[i] ?? 0)}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        )}
      </details>
    </figure>
  );
}

function Row({ series, spans }: { series: Series; spans: readonly string[] }) {
  const { label, sum, values, loud } = series;
  const most = Math.max(1, ...values);
  return (
    <div className="mt-3">
      <p className="mb-1 flex items-baseline justify-between gap-4 text-xs">
        <span className="text-muted">{label}</span>
        <span className="tabular-nums">{sum}</span>
      </p>
      {/* As wide as there is room: what is drawn is stretched, and no text is. */}
      <svg
        aria-hidden="true"
        viewBox={`0 0 ${values.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-10 w-full border-b border-line-strong"
      >
        {values.map((value, i) =>
          value === 0 ? null : (
            <rect
              key={spans[i]}
              x={i + 0.1}
              width={0.8}
              y={HEIGHT - height(value, most)}
              height={height(value, most)}
              className={loud ? "fill-danger" : "fill-accent"}
            >
              <title>{`${spans[i]}: ${inNumbers(value)}`}</title>
            </rect>
          ),
        )}
      </svg>
    </div>
  );
}

/** What is there can be seen, however little it is beside the most. */
const height = (value: number, most: number): number => Math.max(3, (value / most) * HEIGHT);
