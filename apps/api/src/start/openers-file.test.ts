import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alsoRootKeys, tenantRootKeys } from "./openers-file.ts";

let folder: string;
let key: string;
const RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-openers-"));
  key = join(folder, "key");
  await writeFile(key, randomBytes(32).toString("hex"), { mode: 0o600 });
});
afterAll(() => rm(folder, { recursive: true }));

async function file(content: unknown): Promise<string> {
  const path = join(folder, `${randomBytes(6).toString("hex")}.json`);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}
const sentence = (work: Promise<unknown>) =>
  work.then(
    () => "nothing wrong",
    (error: Error) => error.message,
  );

test("without a file there are none", async () => {
  expect(await alsoRootKeys(null)).toEqual([]);
  expect(await tenantRootKeys(null)).toEqual({});
});

test("additional openers are a list of settings, a public key among them", async () => {
  const made = await alsoRootKeys(await file([`sealed:${RECIPIENT}`, `file:${key}`]));
  expect(await Promise.all(made.map(async (one) => (await one.current()).id))).toEqual([
    expect.stringMatching(/^age:[0-9a-f]{16}$/),
    expect.stringMatching(/^local:[0-9a-f]{16}$/),
  ]);
  expect(made.map(({ onlySeals }) => onlySeals !== undefined)).toEqual([true, false]);
});

test("tenants' own root keys have names, and others to open with", async () => {
  const made = await tenantRootKeys(
    await file({ acme: `file:${key}`, globex: { provider: `file:${key}`, others: [`file:${key}`] } }),
  );
  expect(Object.keys(made)).toEqual(["acme", "globex"]);
  expect([made.acme!.others.length, made.globex!.others.length]).toEqual([0, 1]);
});

test("a file that is missing, no JSON, or holds something else stops the start with a sentence", async () => {
  const example = `It holds JSON such as ["sealed:age1…"]`;
  expect(await sentence(alsoRootKeys("/nowhere.json"))).toBe(
    `KEYFOLD_ALSO_ROOT_KEYS names /nowhere.json, which cannot be read. ${example}`,
  );
  const bad = await file("{");
  expect(await sentence(alsoRootKeys(bad))).toBe(
    `KEYFOLD_ALSO_ROOT_KEYS names ${bad}, which is no JSON. ${example}`,
  );
  for (const [content, at] of [
    [{ a: 1 }, ""],
    [[1], "0"],
    [[""], "0"],
  ] as const)
    expect(await sentence(alsoRootKeys(await file(content)))).toContain(
      `what it holds at "${at}" is not right`,
    );
  for (const content of [
    [],
    { "Not a name": "file:x" },
    { acme: {} },
    { acme: { provider: "file:x", more: 1 } },
  ])
    expect(await sentence(tenantRootKeys(await file(content)))).toContain("is not right");
  expect(await sentence(alsoRootKeys(await file(["nonsense:x"])))).toContain("must begin with one of");
});
