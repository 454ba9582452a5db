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
const SHOW_OPTIONS = SHOWS.map((id) => ({ id, label: x.shows[id]! }));

/** What is shown: which state, folder, tag and consumer, and all environments or two side by side. */
export function MatrixToolbar({ tenant, matrix, view, onView }: Props) {
  const { environments, rows, project } = matrix;
  const projects = useQuery(trpc.projects.list.queryOptions({ tenant })).data?.projects ?? [];
  const folders = useMemo(() => optionsOf(x.allFolders, foldersOf(rows)), [rows]);
  const tags = useMemo(() => optionsOf(x.allTags, tagsOf(rows)), [rows]);
  const consumers = useMemo(() => optionsOf(x.allConsumers, consumersOf(rows)), [rows]);
  const pairs = environments.flatMap(({ name: a }, i) =>
    environments.slice(i + 1).map(({ name: b }) => ({ id: JSON.stringify([a, b]), label: x.pair(a, b) })),
  );
  const set = (key: "show" | "folder" | "tag" | "consumer", value: string, none: string) => {
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
      {folders.length > 1 ? (
        <div className="sm:w-40">
          <Choice
            compact
            label={x.folder}
            options={folders}
            value={view.folder ?? ALL}
            onChange={(folder) => set("folder", folder, ALL)}
          />
        </div>
      ) : null}
      {tags.length > 1 ? (
        <div className="sm:w-40">
          <Choice
            compact
            label={x.tag}
            options={tags}
            value={view.tag ?? ALL}
            onChange={(tag) => set("tag", tag, ALL)}
          />
        </div>
      ) : null}
      {consumers.length > 1 ? (
        <div className="sm:w-40">
          <Choice
            compact
            label={x.consumer}
            options={consumers}
            value={view.consumer ?? ALL}
            onChange={(consumer) => set("consumer", consumer, ALL)}
          />
        </div>
      ) : null}
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
