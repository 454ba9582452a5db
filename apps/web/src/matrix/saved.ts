import { inOrderOfNames } from "../locale.ts";
import { partsOf, type View } from "./view.ts";

/** A set of filters under a name. It holds what stands in an address anyway, and nothing that was searched for. */
export interface SavedView {
  name: string;
  view: View;
}

export const MOST_VIEWS = 20;
export const LONGEST_NAME = 40;

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

/** With one more under this name, in the place of the one that had it before; by name. */
export function withView(views: readonly SavedView[], name: string, view: View): SavedView[] {
  return [...without(views, name), { name, view: partsOf(view) }].sort((a, b) =>
    inOrderOfNames(a.name, b.name),
  );
}

export const without = (views: readonly SavedView[], name: string): SavedView[] =>
  views.filter((one) => one.name !== name);

export const isSame = (a: View, b: View): boolean =>
  JSON.stringify(partsOf(a)) === JSON.stringify(partsOf(b));

/** Whether anything is filtered, the project aside. */
export const isFiltered = ({ project: _, ...rest }: View): boolean => Object.keys(partsOf(rest)).length > 0;
