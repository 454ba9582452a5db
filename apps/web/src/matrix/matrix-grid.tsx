import { useVirtualizer } from "@tanstack/react-virtual";
import { type MouseEvent, memo, useRef } from "react";
import { useFollow } from "../place/use-follow.ts";
import { letters } from "./filter.ts";
import { MatrixCell } from "./matrix-cell.tsx";
import { x } from "./messages.ts";
import type { Environment, Row } from "./use-matrix.ts";

/** Pixels. Every row is as high as every other, so that ten thousand need no measuring. */
const ROW = 44;

interface Props {
  tenant: string;
  project: string;
  environments: readonly Environment[];
  /** Which of a row's cells are shown: the environments' places in it. */
  columns: readonly number[];
  rows: readonly Row[];
  selected: ReadonlySet<string>;
  onSelect: (names: readonly string[], selected: boolean) => void;
}

/** Keys by environments. Only the rows in sight are in the page, however many there are. */
export function MatrixGrid({ tenant, project, environments, columns, rows, selected, onSelect }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
    // A turn of the wheel is drawn when React comes to it, and not inside the browser's own event.
    useFlushSync: false,
    getItemKey: (i) => rows[i]!.name,
  });
  const follow = useFollow();
  const template = `2.5rem minmax(11rem, 1fr) repeat(${columns.length}, minmax(8.5rem, 11rem))`;
  const all = rows.length > 0 && rows.every(({ name }) => selected.has(name));
  return (
    <div ref={scroller} className="max-h-[calc(100dvh-19rem)] min-h-72 overflow-auto overscroll-contain">
      <table aria-label={x.table} aria-rowcount={rows.length + 1} className="block min-w-fit text-sm">
        <thead className="sticky top-0 z-10 block border-b border-line bg-surface">
          <tr aria-rowindex={1} className="grid h-9 items-center" style={{ gridTemplateColumns: template }}>
            <td className="grid place-items-center">
              <input
                type="checkbox"
                aria-label={x.selectAll}
                checked={all}
                onChange={(event) =>
                  onSelect(
                    rows.map(({ name }) => name),
                    event.target.checked,
                  )
                }
                className="size-4 accent-accent"
              />
            </td>
            <th scope="col" className="text-left text-xs font-medium text-muted">
              {x.key}
            </th>
            {columns.map((i) => (
              <th
                key={environments[i]!.id}
                scope="col"
                className="px-3 text-left text-xs font-medium text-muted"
              >
                {environments[i]!.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="relative block" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, key, start }) => (
            <GridRow
              key={key}
              index={index}
              start={start}
              template={template}
              tenant={tenant}
              project={project}
              environments={environments}
              columns={columns}
              row={rows[index]!}
              selected={selected.has(rows[index]!.name)}
              onSelect={onSelect}
              onFollow={follow}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps extends Omit<Props, "rows" | "selected"> {
  index: number;
  start: number;
  template: string;
  row: Row;
  selected: boolean;
  onFollow: (event: MouseEvent<HTMLAnchorElement>) => void;
}

const GridRow = memo(function GridRow({
  index,
  start,
  template,
  row,
  selected,
  tenant,
  project,
  environments,
  columns,
  onSelect,
  onFollow,
}: RowProps) {
  const cells = columns.map((i) => row.cells[i] ?? null);
  const marks = letters(cells);
  return (
    <tr
      aria-rowindex={index + 2}
      className={`absolute inset-x-0 top-0 grid items-stretch border-b [contain:strict] border-line ${selected ? "bg-accent-soft" : "bg-surface"}`}
      style={{ gridTemplateColumns: template, height: ROW, transform: `translateY(${start}px)` }}
    >
      <td className="grid place-items-center">
        <input
          type="checkbox"
          aria-label={x.select(row.name)}
          checked={selected}
          onChange={(event) => onSelect([row.name], event.target.checked)}
          className="size-4 accent-accent"
        />
      </td>
      <th
        scope="row"
        title={row.name}
        className="self-center truncate text-left font-mono text-sm font-medium"
      >
        {row.name}
      </th>
      {columns.map((i, n) => (
        <td key={environments[i]!.id} className="grid items-stretch">
          <MatrixCell
            tenant={tenant}
            project={project}
            environment={environments[i]!.name}
            cell={cells[n] ?? null}
            letter={marks[n] ?? null}
            onFollow={onFollow}
          />
        </td>
      ))}
    </tr>
  );
});
