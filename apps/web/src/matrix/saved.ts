import type { View } from "./filter.ts";

/** A set of filters under a name. It holds what stands in an address anyway, and nothing that was searched for. */
export interface SavedView {
  name: string;
  view: View;
}

export const MOST_VIEWS = 20;
export const LONGEST_NAME = 40;
const PARTS = ["project", "show", "folder", "tag", "a", "b"] as const;

/** What a browser kept; anything that is no list of views is none. */
export function viewsIn(text: string | null): SavedView[] {
  let kept: unknown;
  try {
    kept = JSON.parse(text ?? "[]");
  } catch {
    return [];
  }
  if (!Array.isArray(kept)) return [];
  return kept.slice(0, MOST_VIEWS).flatMap((one: unknown) => {
    const { name, view } = (one ?? {}) as { name?: unknown; view?: unknown };
    if (typeof name !== "string" || name === "" || typeof view !== "object" || view === null) return [];
    return [{ name: name.slice(0, LONGEST_NAME), view: partsOf(view) }];
  });
}

/** Only what a view is made of. */
export function partsOf(view: object): View {
  const given = view as Record<string, unknown>;
  return Object.fromEntries(
    PARTS.flatMap((part) => (typeof given[part] === "string" ? [[part, given[part]]] : [])),
  );
}

/** With one more under this name, in the place of the one that had it before; by name. */
export function withView(views: readonly SavedView[], name: string, view: View): SavedView[] {
  return [...without(views, name), { name, view: partsOf(view) }].sort((a, b) =>
    a.name.localeCompare(b.name),
  );
}

export const without = (views: readonly SavedView[], name: string): SavedView[] =>
  views.filter((one) => one.name !== name);

export const isSame = (a: View, b: View): boolean => PARTS.every((part) => a[part] === b[part]);

/** Whether anything is filtered, the project aside. */
export const isFiltered = ({ project: _, ...rest }: View): boolean => Object.keys(partsOf(rest)).length > 0;
