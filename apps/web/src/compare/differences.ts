import { s } from "../staged/messages.ts";
import { parseEnv } from "../staged/parse.ts";

/** A value as it was read. */
export interface Plain {
  value: string;
  encoding: "utf8" | "base64";
}

/** A part of a value that is not in both versions, or not the same in both. It holds no value, but a name out of one. */
export interface Part {
  key: string;
  sign: "added" | "removed" | "changed";
}

export interface Differences {
  /** Whether both have the same bytes. */
  same: boolean;
  /** What differs, by name; null where values have no named parts that both could be taken apart into. */
  parts: readonly Part[] | null;
  /** Parts that are the same in both. */
  unchanged: number;
}

/** How one version's value differs from the next one's. Nothing of it says a value, or how long one is. */
export function differencesOf(older: Plain, newer: Plain): Differences {
  if (equal(bytesOf(older), bytesOf(newer))) return { same: true, parts: null, unchanged: 0 };
  const unnamed = { same: false, parts: null, unchanged: 0 };
  if (older.encoding === "base64" || newer.encoding === "base64") return unnamed;
  for (const take of [partsOfJson, partsOfEnv]) {
    const [before, after] = [take(older.value), take(newer.value)];
    if (before !== null && after !== null) return compared(before, after);
  }
  return unnamed;
}

function compared(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Differences {
  const parts: Part[] = [];
  let unchanged = 0;
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    if (!before.has(key)) parts.push({ key, sign: "added" });
    else if (!after.has(key)) parts.push({ key, sign: "removed" });
    else if (before.get(key) !== after.get(key)) parts.push({ key, sign: "changed" });
    else unchanged++;
  }
  return { same: false, parts: parts.sort((a, b) => (a.key < b.key ? -1 : 1)), unchanged };
}

/** An object's leaves by their ways; lists are leaves. Null: no object, or an empty one. */
function partsOfJson(text: string): Map<string, string> | null {
  let root: unknown;
  try {
    root = JSON.parse(text, asWritten);
  } catch {
    return null;
  }
  const leaves = new Map<string, string>();
  const walk = (thing: object, way: string): void => {
    for (const [key, value] of Object.entries(thing)) {
      const at = `${way}${way === "" ? "" : "."}${/^[^."]+$/.test(key) ? key : JSON.stringify(key)}`;
      if (isObject(value) && Object.keys(value).length > 0) walk(value, at);
      else leaves.set(at, written(value));
    }
  };
  if (!isObject(root)) return null;
  walk(root, "");
  return leaves;
}

/** A number as the text has it: two that are far apart in the text can be one and the same to JavaScript. */
class Digits {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function asWritten(_: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === "number" ? new Digits(context?.source ?? String(value)) : value;
}

const isObject = (thing: unknown): thing is object =>
  typeof thing === "object" && thing !== null && !Array.isArray(thing) && !(thing instanceof Digits);

/** One spelling for what is the same: the order of an object's keys does not count. */
function written(thing: unknown): string {
  if (thing instanceof Digits) return thing.text;
  if (Array.isArray(thing)) return `[${thing.map(written).join()}]`;
  if (!isObject(thing)) return JSON.stringify(thing);
  const entries = Object.entries(thing).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${written(value)}`).join()}}`;
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Variables of a .env file of two at least: a single line with a "=" in it is more likely a key that ends in one, of
 * which no part may be taken for a name.
 */
function partsOfEnv(text: string): Map<string, string> | null {
  const { entries, problems } = parseEnv(text);
  if (problems.some(({ what, name }) => what !== s.parse.empty || name === null)) return null;
  const all = new Map(entries.map(({ name, value }) => [name, value]));
  for (const { name } of problems) if (!all.has(name!)) all.set(name!, "");
  return all.size >= 2 && [...all.keys()].every((name) => VARIABLE.test(name)) ? all : null;
}

function bytesOf({ value, encoding }: Plain): Uint8Array {
  return encoding === "utf8"
    ? new TextEncoder().encode(value)
    : Uint8Array.from(atob(value), (char) => char.charCodeAt(0));
}

const equal = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
