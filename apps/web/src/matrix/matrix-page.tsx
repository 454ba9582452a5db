import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Grid3x3, SearchX } from "lucide-react";
import { useCallback, useDeferredValue, useMemo, useState } from "react";
import { useMay } from "../data/identity.ts";
import { Button } from "../ui/button.tsx";
import { CARD, PageHeader } from "../ui/page-header.tsx";
import { Search } from "../ui/search.tsx";
import { FailureState, SkeletonRows, State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { filterRows, type Show } from "./filter.ts";
import { Legend } from "./matrix-cell.tsx";
import { MatrixGrid } from "./matrix-grid.tsx";
import { MatrixToolbar } from "./matrix-toolbar.tsx";
import { x } from "./messages.ts";
import { Promote } from "./promote.tsx";
import { SavedViews } from "./saved-views.tsx";
import { useMatrix } from "./use-matrix.ts";

/** A project's keys against its environments. What is filtered stands in the address, apart from what is searched for. */
export function MatrixPage() {
  const { tenant } = useParams({ from: "/app/t/$tenant/overview" });
  const view = useSearch({ from: "/app/t/$tenant/overview" });
  const navigate = useNavigate({ from: "/t/$tenant/overview" });
  useTitle(x.title, tenant);
  const may = useMay();
  const { query, matrix } = useMatrix(tenant, view.project);
  const { environments, rows } = matrix;
  const [search, setSearch] = useState("");
  const needle = useDeferredValue(search);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [promoting, setPromoting] = useState(false);

  const columns = useMemo(() => {
    const pair = [view.a, view.b].map((name) => environments.findIndex((one) => one.name === name));
    return pair.every((i) => i >= 0) && pair[0] !== pair[1] ? pair : environments.map((_, i) => i);
  }, [environments, view.a, view.b]);
  const shown = useMemo(() => {
    const narrowed =
      columns.length === environments.length
        ? rows
        : rows.filter(({ cells }) => columns.some((i) => cells[i] != null));
    const seen = narrowed.map((row) => ({ row, cells: columns.map((i) => row.cells[i] ?? null) }));
    const names = new Set(
      filterRows(
        seen.map(({ row, cells }) => ({ ...row, cells })),
        {
          search: needle,
          show: (view.show ?? "all") as Show,
          folder: view.folder ?? null,
          tag: view.tag ?? null,
          consumer: view.consumer ?? null,
        },
      ).map(({ name }) => name),
    );
    return narrowed.filter(({ name }) => names.has(name));
  }, [rows, columns, environments.length, needle, view.show, view.folder, view.tag, view.consumer]);
  const onSelect = useCallback(
    (names: readonly string[], on: boolean) =>
      setSelected((before) => {
        const after = new Set(before);
        for (const name of names) {
          if (on) after.add(name);
          else after.delete(name);
        }
        return after;
      }),
    [],
  );
  const clear = () => {
    setSearch("");
    void navigate({ search: view.project === undefined ? {} : { project: view.project } });
  };
  const picked = rows.filter(({ name }) => selected.has(name));

  return (
    <>
      <PageHeader title={x.title} lead={x.lead} />
      <section className={CARD} aria-busy={query.isFetching}>
        {query.error && rows.length === 0 ? (
          <FailureState error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <SkeletonRows />
        ) : rows.length === 0 ? (
          <State icon={<Grid3x3 size={20} aria-hidden />} title={x.none} text={x.noneText} />
        ) : (
          <>
            <div className="flex items-center gap-3 border-b border-line p-2.5">
              <Search label={x.search} value={search} onChange={setSearch} />
              <p role="status" className="shrink-0 pr-2 text-xs text-muted tabular-nums">
                {x.count(shown.length, rows.length, query.hasNextPage)}
              </p>
            </div>
            <MatrixToolbar
              tenant={tenant}
              matrix={matrix}
              view={view}
              onView={(next) => void navigate({ search: next })}
            />
            <SavedViews
              tenant={tenant}
              view={
                matrix.project === null ? view : { ...view, project: view.project ?? matrix.project.name }
              }
              onView={(next) => void navigate({ search: next })}
            />
            {selected.size === 0 ? null : (
              <div className="flex flex-wrap items-center gap-2 border-b border-line bg-accent-soft px-4 py-2 text-sm">
                <span role="status" className="mr-auto font-medium text-accent-text">
                  {x.selected(selected.size)}
                </span>
                {may("secret.set") && may("secret.reveal") && environments.length > 1 ? (
                  <Button size="sm" look="primary" onPress={() => setPromoting(true)}>
                    {x.promote.button}
                  </Button>
                ) : null}
                <Button size="sm" onPress={() => setSelected(new Set())}>
                  {x.unselect}
                </Button>
              </div>
            )}
            {shown.length === 0 ? (
              <State icon={<SearchX size={20} aria-hidden />} title={x.noMatch} text={x.noMatchText}>
                <Button onPress={clear}>{x.clear}</Button>
              </State>
            ) : (
              <MatrixGrid
                tenant={tenant}
                project={matrix.project?.name ?? ""}
                environments={environments}
                columns={columns}
                rows={shown}
                selected={selected}
                onSelect={onSelect}
              />
            )}
          </>
        )}
      </section>
      {rows.length === 0 ? null : (
        <div className="mt-3 px-1">
          <Legend />
        </div>
      )}
      {promoting && matrix.project !== null ? (
        <Promote
          tenant={tenant}
          project={matrix.project.id}
          environments={environments}
          first={columns}
          rows={picked}
          onClose={() => setPromoting(false)}
          onDone={() => setSelected(new Set())}
        />
      ) : null}
    </>
  );
}
