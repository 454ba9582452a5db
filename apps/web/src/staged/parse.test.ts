import { describe, expect, it } from "vitest";
import { parse, warningsOf } from "./parse.ts";

const values = (text: string) =>
  Object.fromEntries(parse(text).entries.map(({ name, value }) => [name, value]));

describe("a .env file", () => {
  it.each([
    ["A=1", { A: "1" }],
    ["export A = 1", { A: "1" }],
    ["# comment\n\nA=1 # not part of it\nB=a#b", { A: "1", B: "a#b" }],
    ["A=' kept '", { A: " kept " }],
    ['A="line\\nline"', { A: "line\nline" }],
    ["A='line\\nline'", { A: "line\\nline" }],
    ['A="one\ntwo"\nB=3', { A: "one\ntwo", B: "3" }],
    ['A="with \\" a quote"', { A: 'with " a quote' }],
    ['A="# no comment"', { A: "# no comment" }],
    ["A=b=c==", { A: "b=c==" }],
    ["\uFEFFA=1\r\nB=2\r", { A: "1", B: "2" }],
    ["stripe/API_KEY=sk_test_not_a_real_key", { "stripe/API_KEY": "sk_test_not_a_real_key" }],
    ['A="sk_test$1"', { A: "sk_test$1" }],
    ["A=$(whoami)", { A: "$(whoami)" }],
  ])("%j", (text, expected) => expect(values(text)).toEqual(expected));

  it("says by line what was not read, and no word of a value", () => {
    const { entries, problems } = parse(
      "A=1\nsk_test_not_a_real_key\nB=\nA=2\nC='never closed sk_test_not_a_real_key\nD=4\n =x",
    );
    expect(entries).toEqual([
      { name: "A", value: "2" },
      { name: "D", value: "4" },
    ]);
    expect(problems.map(({ line, name, what }) => [line, name, what])).toEqual([
      [2, null, "holds no ="],
      [3, "B", "has an empty value"],
      [4, "A", "stands here twice: the last one counts"],
      [5, "C", "opens a quote that is never closed"],
      [7, null, "is no name for a secret"],
    ]);
    expect(JSON.stringify(problems)).not.toContain("sk_test");
  });
});

describe("a JSON file", () => {
  it("gives names, folders for what is nested, and texts for numbers and truths", () => {
    expect(values('{"A": "1", "stripe": {"KEY": "k", "deep": {"X": 2}}, "ON": true}')).toEqual({
      A: "1",
      "stripe/KEY": "k",
      "stripe/deep/X": "2",
      ON: "true",
    });
  });
  it.each(['{"A": ', "{]"])("that is none is said to be none: %j", (text) =>
    expect(parse(text).problems).toEqual([{ line: 0, name: null, what: "is no JSON object" }]),
  );
  it("with a list, null or an empty text in it names what it did not read", () => {
    const { entries, problems } = parse('{"A": [1], "B": null, "C": "", "__proto__": "p", "D": "d"}');
    expect(problems.map(({ name }) => name)).toEqual(["A", "B", "C"]);
    expect(entries.map(({ name }) => name)).toEqual(["__proto__", "D"]);
  });
});

it.each([
  ["fine", []],
  [" fine", ["space"]],
  ['"quoted"', ["quotes"]],
  ["changeme", ["placeholder"]],
  ["<your key>", ["placeholder"]],
  ["your-api-key-here", ["placeholder"]],
  ["xxxx", ["placeholder"]],
  [" 'todo' ", ["space", "quotes"]],
])("of %j it is warned: %j", (value, expected) => expect(warningsOf(value)).toEqual(expected));
