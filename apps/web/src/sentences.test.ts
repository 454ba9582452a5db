import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "vite";
import { expect, test } from "vitest";

interface Node {
  type: string;
  start: number;
  value?: unknown;
  name?: { name?: string };
  [key: string]: unknown;
}

const read = (file: string) => readFileSync(join(import.meta.dirname, file), "utf8");
const filesOf = (pattern: string) =>
  globSync(pattern, { cwd: import.meta.dirname }).filter((file) => !file.endsWith(".test.ts"));

/** What a person reads or hears of an element, beside what stands in it. */
const SAID = /^(aria-label|aria-description|alt|title|placeholder|label|lead|text|hint|word|busyWord)$/;
const WORD = /\p{L}{2}/u;

/** All texts of a component that a person would read, as they stand in its code. */
function sentencesIn(file: string): string[] {
  const code = read(file);
  const found: string[] = [];
  const note = (text: unknown, at: number) => {
    if (typeof text === "string" && WORD.test(text))
      found.push(`${file}:${code.slice(0, at).split("\n").length}: ${text.trim()}`);
  };
  const texts = (value: Node | null) => {
    if (value === null || typeof value !== "object") return;
    if (value.type === "Literal") note(value.value, value.start);
    if (value.type === "TemplateLiteral")
      for (const { value: part, start } of value.quasis as (Node & { value: { cooked: string } })[])
        note(part.cooked, start);
    if (value.type === "JSXExpressionContainer") texts(value.expression as Node);
    if (value.type === "ConditionalExpression") {
      texts(value.consequent as Node);
      texts(value.alternate as Node);
    }
  };
  const walk = (node: unknown, inElement: boolean): void => {
    if (Array.isArray(node)) for (const one of node) walk(one, inElement);
    if (typeof node !== "object" || node === null || !("type" in node)) return;
    const one = node as Node;
    if (one.type === "JSXText") note(one.value, one.start);
    if (one.type === "JSXAttribute" && SAID.test(one.name?.name ?? "")) texts(one.value as Node);
    if (one.type === "JSXExpressionContainer" && inElement) texts(one);
    for (const [key, child] of Object.entries(one))
      if (typeof child === "object") walk(child, key === "children" && one.type.startsWith("JSX"));
  };
  walk(parseAst(code, { lang: "tsx" }), false);
  return found;
}

test("no component says anything in words of its own: sentences stand in message modules", () => {
  // In no language: a key as it is printed on keyboards, and markup to be copied.
  const found = filesOf("**/*.tsx")
    .flatMap(sentencesIn)
    .filter((one) => !/: (Esc$|<iframe )/.test(one));
  expect(found).toEqual([]);
});

test("one module names the language, and how numbers, dates and names are written in it", () => {
  const elsewhere = filesOf("**/*.{ts,tsx}").filter(
    (file) =>
      file !== "locale.ts" &&
      /new Intl\.|\.toLocale(Date|Time)?String\(|\.localeCompare\(|["'`]en(-[A-Z]{2})?["'`]/.test(read(file)),
  );
  expect(elsewhere).toEqual([]);
});
