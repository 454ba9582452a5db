import { s } from "./messages.ts";

export interface Parsed {
  entries: { name: string; value: string }[];
  /** What was not read, by line (1 and on; 0: the whole), without a word of any value. */
  problems: { line: number; name: string | null; what: string }[];
}

/** Reads a .env or JSON file's text. Never throws, and never says a value. */
export function parse(text: string): Parsed {
  return /^\s*\{/.test(text) ? parseJson(text) : parseEnv(text);
}

const NAME = /^[^\s"'`=#/][^\s"'`=#]*$/;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$" };

/**
 * NAME=value, one to a line, with `export` before it or not. Quotes keep white space and lines; in double ones \n, \r,
 * \t, \", \\ and \$ are what they are in a shell. A # after white space begins a comment outside of quotes.
 */
export function parseEnv(text: string): Parsed {
  const found = collector();
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    const [, raw = "", rest] = /^\s*(?:export\s+)?([^=]*?)\s*(?:=\s*(.*))?$/s.exec(lines[at]!) ?? [];
    if (/^\s*(#|$)/.test(lines[at]!)) continue;
    if (rest === undefined) {
      found.problem(line, null, s.parse.noEquals);
      continue;
    }
    if (!NAME.test(raw)) {
      found.problem(line, null, s.parse.badName);
      continue;
    }
    const quote = /^["'`]/.exec(rest)?.[0];
    if (quote === undefined) {
      found.entry(line, raw, rest.replace(/(^|\s)#.*$/, "").trimEnd());
      continue;
    }
    let body = rest.slice(1);
    let end = closing(body, quote);
    while (end === -1 && at + 1 < lines.length) {
      body += `\n${lines[++at]!}`;
      end = closing(body, quote);
    }
    if (end === -1) {
      found.problem(line, raw, s.parse.unclosed);
      at = line - 1; // what stands below is read for itself
      continue;
    }
    const inside = body.slice(0, end);
    found.entry(
      line,
      raw,
      quote === '"' ? inside.replace(/\\([nrt"\\$])/g, (_, c: string) => ESCAPES[c]!) : inside,
    );
  }
  return found.parsed;
}

/** Where a quote closes: not after a backslash, where it is a double one. -1: nowhere */
function closing(body: string, quote: string): number {
  for (let i = 0; i < body.length; i++) {
    if (quote === '"' && body[i] === "\\") i++;
    else if (body[i] === quote) return i;
  }
  return -1;
}

/** An object of names; what is nested gets the names of its way, joined by "/". */
export function parseJson(text: string): Parsed {
  const found = collector();
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    found.problem(0, null, s.parse.badJson);
    return found.parsed;
  }
  const walk = (thing: object, way: string): void => {
    for (const [key, value] of Object.entries(thing) as [string, unknown][]) {
      const name = way + key;
      if (typeof value === "string") found.entry(0, name, value);
      else if (typeof value === "number" || typeof value === "boolean") found.entry(0, name, String(value));
      else if (typeof value === "object" && value !== null && !Array.isArray(value)) walk(value, `${name}/`);
      else found.problem(0, name, s.parse.badValue);
    }
  };
  if (typeof root === "object" && root !== null && !Array.isArray(root)) walk(root, "");
  else found.problem(0, null, s.parse.badJson);
  return found.parsed;
}

function collector() {
  const parsed: Parsed = { entries: [], problems: [] };
  const problem = (line: number, name: string | null, what: string) =>
    void parsed.problems.push({ line, name, what });
  return {
    parsed,
    problem,
    entry(line: number, name: string, value: string) {
      if (value === "") return problem(line, name, s.parse.empty);
      const before = parsed.entries.findIndex((one) => one.name === name);
      if (before !== -1) {
        problem(line, name, s.parse.twice);
        parsed.entries.splice(before, 1);
      }
      parsed.entries.push({ name, value });
    },
  };
}

const PLACEHOLDER =
  /^(change[-_ ]?me|todo|tbd|x{3,}|\*{3,}|\.{3}|placeholder|example|dummy|none|null|undefined|your[-_ ].*|<.*>|\$\{.*\})$/i;

export type Warning = "space" | "quotes" | "placeholder";

/** What about a value is likely a mistake. */
export function warningsOf(value: string): Warning[] {
  const trimmed = value.trim();
  return [
    ...(trimmed === value ? [] : (["space"] as const)),
    ...(/^(["'`]).*\1$/s.test(trimmed) && trimmed.length > 1 ? (["quotes"] as const) : []),
    ...(PLACEHOLDER.test(trimmed) ? (["placeholder"] as const) : []),
  ];
}
