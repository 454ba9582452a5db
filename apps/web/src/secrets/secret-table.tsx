import { createExpandedRowModel, rowExpandingFeature, tableFeatures, useTable } from "@tanstack/react-table";
import { ChevronRight, Folder, FolderOpen } from "lucide-react";
import { useMemo, useState } from "react";
import type { Secret } from "../data/trpc.ts";
import { m } from "../messages.ts";
import type { Reveal } from "../reveal/use-reveal.ts";
import type { Node } from "./folders.ts";
import { SecretRow } from "./secret-row.tsx";

export interface Place {
  tenant: string;
  project: string;
  environment: string;
}

interface Props {
  place: Place;
  tree: Node<Secret>[];
  reveal: Reveal;
  onRotate: (secret: Secret) => void;
  onDelete: (secret: Secret) => void;
}

const features = tableFeatures({ rowExpandingFeature, expandedRowModel: createExpandedRowModel() });
const columns = [
  { id: "name", header: m.secrets.name, meta: "w-full pl-4" },
  { id: "value", header: m.secrets.value, meta: "hidden px-4 md:table-cell" },
  { id: "version", header: m.secrets.version, meta: "hidden px-4 sm:table-cell" },
  { id: "rotated", header: m.secrets.rotated, meta: "hidden px-4 sm:table-cell" },
  { id: "by", header: m.secrets.by, meta: "hidden px-4 lg:table-cell" },
  { id: "actions", header: m.secrets.actions, meta: "" },
];
const childrenOf = (node: Node<Secret>): Node<Secret>[] | undefined =>
  node.kind === "folder" ? node.children : undefined;

/** An environment's secrets as a table whose folders open and close. */
export function SecretTable({ place, tree, ...rest }: Props) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  // A folder is open until somebody closes it, those too that come with the next page.
  const expanded = useMemo(() => openFolders(tree, closed), [tree, closed]);
  const table = useTable({
    features,
    columns,
    data: tree,
    getRowId: (node) => node.id,
    getSubRows: childrenOf,
    state: { expanded },
  });
  const toggle = (id: string) =>
    setClosed((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  return (
    <table className="w-full border-collapse text-left">
      <caption className="sr-only">{m.secrets.tableLabel(place.environment)}</caption>
      <thead>
        <tr className="border-b border-line text-xs text-muted">
          {columns.map(({ id, header, meta }) => (
            <th key={id} scope="col" className={`h-9 font-medium whitespace-nowrap ${meta}`}>
              {id === "actions" ? <span className="sr-only">{header}</span> : header}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {table
          .getRowModel()
          .rows.map((row) =>
            row.original.kind === "folder" ? (
              <FolderRow
                key={row.id}
                folder={row.original}
                depth={row.depth}
                open={expanded[row.id] === true}
                onToggle={() => toggle(row.id)}
              />
            ) : (
              <SecretRow
                key={row.id}
                place={place}
                label={row.original.label}
                secret={row.original.secret}
                depth={row.depth}
                {...rest}
              />
            ),
          )}
      </tbody>
    </table>
  );
}

interface FolderProps {
  folder: Extract<Node<Secret>, { kind: "folder" }>;
  depth: number;
  open: boolean;
  onToggle: () => void;
}

function FolderRow({ folder, depth, open, onToggle }: FolderProps) {
  const Icon = open ? FolderOpen : Folder;
  return (
    <tr className="border-b border-line last:border-0">
      <th scope="rowgroup" colSpan={columns.length} className="p-0 font-normal">
        <button
          type="button"
          onClick={onToggle}
          aria-expanded={open}
          style={{ paddingLeft: indent(depth) }}
          className="flex h-10 w-full items-center gap-2 pr-4 text-sm -outline-offset-2 hover:bg-hover"
        >
          <ChevronRight
            size={14}
            aria-hidden
            className={`text-faint transition-transform duration-100 ${open ? "rotate-90" : ""}`}
          />
          <Icon size={15} aria-hidden className="text-accent-text" />
          <span className="sr-only">{m.secrets.folder} </span>
          <span className="truncate font-medium">{folder.label}</span>
          <span className="text-xs text-muted tabular-nums">{folder.count}</span>
        </button>
      </th>
    </tr>
  );
}

/** Where a row of this depth begins. */
export const indent = (depth: number): string => `${1 + Math.min(depth, 6) * 1.375}rem`;

function openFolders(nodes: readonly Node<Secret>[], closed: ReadonlySet<string>): Record<string, boolean> {
  const open: Record<string, boolean> = {};
  const walk = (some: readonly Node<Secret>[]): void => {
    for (const node of some) {
      if (node.kind !== "folder") continue;
      if (!closed.has(node.id)) open[node.id] = true;
      walk(node.children);
    }
  };
  walk(nodes);
  return open;
}
