import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Source } from "../entry.ts";
import { csvSource } from "./csv.ts";
import { dotenvSource } from "./dotenv.ts";
import { jsonSource, yamlSource } from "./structured.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-files-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(
  source: (path: string) => Source,
  content: string | Buffer,
): Promise<Record<string, string> | string> {
  const path = join(folder, "file");
  await writeFile(path, content);
  const found: Record<string, string> = {};
  try {
    for await (const { name, value } of source(path).read()) found[name] = value.unsafelyText();
  } catch (error) {
    expect((error as Error).name).toBe("SourceError");
    return (error as Error).message.replace(path, "FILE");
  }
  return found;
}

test("a .env file gives quotes, lines, signs and a byte order mark as they were meant", async () => {
  expect(
    await read(
      dotenvSource,
      "\uFEFFA=1\nB='it''s'\nC=\"two\nlines\"\nD=`x'\"y`\nexport E=$A # note\nF=é😀\n#G=no\nH=\n",
    ),
  ).toMatchObject({
    A: "1",
    C: "two\nlines",
    D: "x'\"y",
    E: "$A",
    F: "é😀",
    H: "",
  });
});

test("a line of a megabyte is one value", async () => {
  const long = "x".repeat(1024 * 1024);
  expect(await read(dotenvSource, `A=${long}\nB=2\n`)).toEqual({ A: long, B: "2" });
});

test("JSON and YAML give texts and folders; numbers and booleans are their text; lists are refused by name", async () => {
  const expected = { A: "1", "api/KEY": "x\ny", "api/deep/N": "3", T: "true" };
  expect(
    await read(jsonSource, JSON.stringify({ A: "1", api: { KEY: "x\ny", deep: { N: 3 } }, T: true })),
  ).toEqual(expected);
  expect(await read(yamlSource, "A: '1'\napi:\n  KEY: |-\n    x\n    y\n  deep: {N: 3}\nT: true\n")).toEqual(
    expected,
  );
  expect(await read(jsonSource, '{"A":["secret"]}')).toBe("FILE: A is neither text nor a folder.");
  expect(await read(jsonSource, '{"A":null}')).toBe("FILE: A is neither text nor a folder.");
  expect(await read(jsonSource, '["secret"]')).toBe("FILE is not an object of secrets.");
});

test("what cannot be parsed is refused without a word of what it holds", async () => {
  for (const [source, what] of [
    [jsonSource, "JSON"],
    [yamlSource, "YAML"],
  ] as const) {
    const said = await read(source, '{"A": "sk_test_secret_text\n  - : [');
    expect(said).toBe(`FILE is not ${what}.`);
  }
  expect(await read(yamlSource, `a: &a [x]\nb: &b [${"*a,".repeat(20)}]\nc: [${"*b,".repeat(20)}]`)).toMatch(
    /^FILE/,
  );
  expect(await read(jsonSource, Buffer.from([0xff, 0xfe]))).toBe("FILE is not text in UTF-8.");
  expect(await read(jsonSource, JSON.stringify({ __proto__x: "1" }))).toEqual({ __proto__x: "1" });
  expect(await read(csvSource, 'name,value\nA,"sk_test_secret\n')).toMatch(
    /^FILE is not CSV: line \d has other columns, or quotes that do not close\.$/,
  );
});

test("a CSV file gives names, values and places by the columns of its first line", async () => {
  const path = join(folder, "csv");
  await writeFile(path, '\uFEFFTenant_ID,Key_Name,Env,Value\r\nacme,A,prod,"1,2\r\n""3"""\r\n,B,,x\r\n');
  const found = [];
  for await (const { value, ...entry } of csvSource(path).read())
    found.push({ ...entry, value: value.unsafelyText() });
  expect(found).toEqual([
    { from: "row 1", name: "A", value: '1,2\r\n"3"', tenant: "acme", project: null, environment: "prod" },
    { from: "row 2", name: "B", value: "x", tenant: null, project: null, environment: null },
  ]);
  expect(await read(csvSource, "a,b\n1,2\n")).toBe(
    'FILE has no columns "name" and "value" in its first line.',
  );
  expect(await read(csvSource, "name,value\n")).toEqual({});
});

test("a file that is not there is said by its path", async () => {
  const source = dotenvSource(join(folder, "nothing"));
  await expect(source.read()[Symbol.asyncIterator]().next()).rejects.toThrow(
    "nothing cannot be read (ENOENT).",
  );
});
