import { inOrderOfNames } from "../locale.ts";
/** A change that somebody gathered. Its value lives here, in the page's state, until it is saved or left. */
export type Change = { name: string; what: "set"; value: string } | { name: string; what: "remove" };

export type Kind = "added" | "changed" | "unchanged" | "removed";

export interface Reviewed {
  change: Change;
  kind: Kind;
  /** The version that it would replace or remove; null: there is none. */
  version: number | null;
  /** Other secrets with this value, in words. */
  equals: readonly string[];
  /** Whether somebody said to keep what is there. */
  kept: boolean;
}

/** What the server said of new values: which are there already, and which others they equal. */
export type Checked = ReadonlyMap<string, { unchanged: boolean; equals: readonly string[] }>;

/** A later change of a name takes the place of an earlier one. */
export function stage(before: readonly Change[], more: readonly Change[]): Change[] {
  const names = new Set(more.map(({ name }) => name));
  return [...before.filter(({ name }) => !names.has(name)), ...more];
}

/** Holds the changes against what is there. @param versions current versions by name; null: empty, so without one */
export function review(
  changes: readonly Change[],
  versions: ReadonlyMap<string, number | null>,
  checked: Checked,
  kept: ReadonlySet<string>,
): Reviewed[] {
  return changes
    .map((change): Reviewed => {
      const { name } = change;
      const exists = versions.has(name);
      const said = change.what === "set" ? checked.get(name) : undefined;
      const kind =
        change.what === "remove" ? "removed" : !exists ? "added" : said?.unchanged ? "unchanged" : "changed";
      return {
        change,
        kind,
        version: versions.get(name) ?? null,
        equals: said?.equals ?? [],
        kept: kept.has(name),
      };
    })
    .sort((a, b) => inOrderOfNames(a.change.name, b.change.name));
}

/** What will be saved: not what is there already, and not what somebody kept. */
export const toSave = (reviewed: readonly Reviewed[]): Reviewed[] =>
  reviewed.filter(({ kind, kept }) => kind !== "unchanged" && !kept);
