import type { Cell, Row } from "./use-matrix.ts";

export const SHOWS = ["all", "missing", "differs", "same", "rotation", "ending", "hidden"] as const;
export type Show = (typeof SHOWS)[number];

export interface Filter {
  search: string;
  show: Show;
  folder: string | null;
  tag: string | null;
  consumer: string | null;
}

const TESTS: Record<Show, (cells: readonly (Cell | null)[]) => boolean> = {
  all: () => true,
  missing: (cells) => cells.some((cell) => cell === null),
  differs,
  same: (cells) =>
    cells.length > 1 &&
    cells.every((cell) => cell !== null && cell.same !== null && cell.same === cells[0]?.same),
  rotation: (cells) => cells.some((cell) => ["failed", "overdue", "due"].includes(cell?.trouble ?? "")),
  ending: (cells) => cells.some((cell) => ["expired", "expiring"].includes(cell?.trouble ?? "")),
  hidden: (cells) => cells.some((cell) => cell !== null && cell.state === "live" && !cell.readable),
};

/** Whether two cells are known to hold different values. */
export function differs(cells: readonly (Cell | null)[]): boolean {
  return new Set(cells.flatMap((cell) => (cell?.same == null ? [] : [cell.same]))).size > 1;
}

/** A letter for each value of a row, the first one A; null where they are all the same, or it is not told. */
export function letters(cells: readonly (Cell | null)[]): (string | null)[] {
  if (!differs(cells)) return cells.map(() => null);
  const seen: number[] = [];
  return cells.map((cell) => {
    if (cell?.same == null) return null;
    if (!seen.includes(cell.same)) seen.push(cell.same);
    const n = seen.indexOf(cell.same);
    return n < 26 ? String.fromCharCode(65 + n) : String(n + 1);
  });
}

/** The rows that fit, in their order. */
export function filterRows(rows: readonly Row[], { search, show, folder, tag, consumer }: Filter): Row[] {
  const needle = search.toLowerCase();
  return rows.filter(
    ({ name, tags, consumers, cells }) =>
      name.toLowerCase().includes(needle) &&
      (folder === null || name.startsWith(`${folder}/`)) &&
      (tag === null || tags.includes(tag)) &&
      (consumer === null || consumers.includes(consumer)) &&
      TESTS[show](cells),
  );
}

/** The first parts of all names, each once. */
export function foldersOf(rows: readonly Row[]): string[] {
  return [
    ...new Set(rows.flatMap(({ name }) => (name.includes("/") ? [name.slice(0, name.indexOf("/"))] : []))),
  ];
}

export const tagsOf = (rows: readonly Row[]): string[] =>
  [...new Set(rows.flatMap(({ tags }) => tags))].sort();

export const consumersOf = (rows: readonly Row[]): string[] =>
  [...new Set(rows.flatMap(({ consumers }) => consumers))].sort();

export type Effect = "create" | "replace" | "same" | "missing" | "hidden";

/** What promoting a key from one column to another would do. */
export function effectOf(from: Cell | null, to: Cell | null): Effect {
  if (from === null || from.state !== "live") return "missing";
  if (!from.readable) return "hidden";
  if (to === null) return "create";
  return from.same !== null && from.same === to.same ? "same" : "replace";
}
