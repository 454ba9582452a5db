/** One thing that the palette offers. */
export interface Command {
  id: string;
  group: string;
  label: string;
  /** A second, fainter text: where a key stands, what a shortcut is. */
  detail?: string;
  run: () => void;
}

/**
 * How well a text fits what was typed: lower is better, null is not at all. A whole word's beginning before the middle of
 * one, and that before letters that merely follow one another.
 */
export function rank(label: string, typed: string): number | null {
  const needle = typed.trim().toLowerCase();
  if (needle === "") return 0;
  const text = label.toLowerCase();
  const at = text.indexOf(needle);
  if (at === 0) return 0;
  if (at > 0) return /[\s/_:.-]/.test(text[at - 1]!) ? 1 : 2;
  let from = 0;
  for (const letter of needle.replaceAll(/\s/g, "")) {
    from = text.indexOf(letter, from) + 1;
    if (from === 0) return null;
  }
  return 3;
}

/** What fits, best first within each group; the groups in their own order. @param most of one group */
export function pick(commands: readonly Command[], typed: string, most = 8): Command[] {
  const groups = Map.groupBy(commands, ({ group }) => group);
  return [...groups.values()].flatMap((group) =>
    group
      .map((command) => ({ command, rank: rank(command.label, typed) }))
      .filter((one): one is { command: Command; rank: number } => one.rank !== null)
      .sort((a, b) => a.rank - b.rank)
      .slice(0, most)
      .map(({ command }) => command),
  );
}
