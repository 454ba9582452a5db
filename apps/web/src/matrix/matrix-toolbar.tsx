import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { trpc } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Choice } from "../ui/choice.tsx";
import { consumersOf, foldersOf, SHOWS, tagsOf } from "./filter.ts";
import { x } from "./messages.ts";
import type { Matrix } from "./use-matrix.ts";
import type { View } from "./view.ts";

interface Props {
  tenant: string;
  matrix: Matrix;
  view: View;
  onView: (view: View) => void;
}

const ALL = "\u0000all";
type Part = "folder" | "tag" | "consumer";
/** What rows are filtered by that have it, where any has. */
const PARTS: readonly { part: Part; label: string }[] = [
  { part: "folder", label: x.folder },
  { part: "tag", label: x.tag },
  { part: "consumer", label: x.consumer },
];
const SHOW_OPTIONS = SHOWS.map((id) => ({ id, label: x.shows[id]! }));

/** What is shown: which state, folder, tag and consumer, and all environments or two side by side. */
export function MatrixToolbar({ tenant, matrix, view, onView }: Props) {
  const { environments, rows, project } = matrix;
  const projects = useQuery(trpc.projects.list.queryOptions({ tenant })).data?.projects ?? [];
  const options = useMemo(
    () => ({
      folder: optionsOf(x.allFolders, foldersOf(rows)),
      tag: optionsOf(x.allTags, tagsOf(rows)),
      consumer: optionsOf(x.allConsumers, consumersOf(rows)),
    }),
    [rows],
  );
  const pairs = environments.flatMap(({ name: a }, i) =>
    environments.slice(i + 1).map(({ name: b }) => ({ id: JSON.stringify([a, b]), label: x.pair(a, b) })),
  );
  const set = (key: "show" | Part, value: string, none: string) => {
    const { [key]: _, ...rest } = view;
    onView(value === none ? rest : { ...rest, [key]: value });
  };
  return (
    <div className="grid grid-cols-2 gap-2 border-b border-line p-2.5 sm:flex sm:flex-wrap">
      {projects.length > 1 ? (
        <div className="sm:w-40">
          <Choice
            compact
            label={m.place.project}
            options={projects.map(({ name }) => ({ id: name, label: name }))}
            value={view.project ?? project?.name ?? ""}
            onChange={(name) => onView({ project: name })}
          />
        </div>
      ) : null}
      <div className="sm:w-48">
        <Choice
          compact
          label={x.show}
          options={SHOW_OPTIONS}
          value={SHOWS.find((one) => one === view.show) ?? "all"}
          onChange={(show) => set("show", show, "all")}
        />
      </div>
      {PARTS.map(({ part, label }) =>
        options[part].length > 1 ? (
          <div key={part} className="sm:w-40">
            <Choice
              compact
              label={label}
              options={options[part]}
              value={view[part] ?? ALL}
              onChange={(value) => set(part, value, ALL)}
            />
          </div>
        ) : null,
      )}
      {pairs.length > 0 ? (
        <div className="sm:w-48">
          <Choice
            compact
            label={x.compare}
            options={[{ id: ALL, label: x.allEnvironments }, ...pairs]}
            value={view.a !== undefined && view.b !== undefined ? JSON.stringify([view.a, view.b]) : ALL}
            onChange={(pair) => {
              const { a: _, b: __, ...rest } = view;
              if (pair === ALL) return onView(rest);
              const [a, b] = JSON.parse(pair) as [string, string];
              onView({ ...rest, a, b });
            }}
          />
        </div>
      ) : null}
    </div>
  );
}

const optionsOf = (all: string, names: readonly string[]) => [
  { id: ALL, label: all },
  ...names.map((name) => ({ id: name, label: name })),
];
