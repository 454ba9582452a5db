/** What of the overview's view stands in its address, and in one that is kept under a name: never what was searched for. */
const PARTS = ["project", "show", "folder", "tag", "consumer", "a", "b"] as const;

export type View = { [part in (typeof PARTS)[number]]?: string };

/** Only what a view is made of. */
export function partsOf(given: object): View {
  const parts = given as Record<string, unknown>;
  return Object.fromEntries(
    PARTS.flatMap((part) => (typeof parts[part] === "string" ? [[part, parts[part]]] : [])),
  );
}
