import { settings } from "./settings.ts";

/** Every setting there is: what it is named, and nothing else is. */
export const SETTINGS = Object.keys(settings.shape) as SettingName[];

export type SettingName = keyof typeof settings.shape;

/** One sentence for each KEYFOLD_… name that is no setting: a typo would otherwise be a setting that does nothing. */
export function unknownSettings(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set<string>(SETTINGS);
  return Object.keys(env)
    .filter((name) => name.startsWith("KEYFOLD_") && !known.has(name) && env[name] !== undefined)
    .sort()
    .map((name) => {
      const near = nearest(name);
      return `${name} is not a setting of Keyfold, and does nothing.${near === null ? "" : ` Did you mean ${near}?`}`;
    });
}

function nearest(name: string): SettingName | null {
  let best: SettingName | null = null;
  let least = 4; // more than three letters off is another word
  for (const candidate of SETTINGS) {
    const away = distance(name, candidate);
    if (away < least) {
      least = away;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein's distance: letters to add, drop or change. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    above = row;
  }
  return above[b.length]!;
}
