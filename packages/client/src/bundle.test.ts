import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";

const here = new URL("./", import.meta.url);

async function shipped(): Promise<[file: string, text: string][]> {
  // All but the entry point that is for Node, Bun and Deno.
  const files = (await readdir(here, { recursive: true })).filter(
    (file) => /\.ts$/.test(file) && !/\.test(-d)?\.ts$|^testing\/|^node\//.test(file),
  );
  expect(files).toContain("kept/last-known-good.ts");
  return Promise.all(
    files.map(async (file): Promise<[string, string]> => [file, await readFile(new URL(file, here), "utf8")]),
  );
}

test("what is shipped imports nothing of Node's, so that it runs on Bun, Deno and the edge", async () => {
  for (const [file, text] of await shipped()) {
    expect([file, text.match(/from "node:[^"]*"/)?.[0]]).toEqual([file, undefined]);
    expect([file, text.match(/\b(?:process|Buffer|require)[.(]/)?.[0]]).toEqual([file, undefined]);
  }
});

test("what is shipped takes types from the server's packages, and no code", async () => {
  for (const [file, text] of await shipped()) {
    const code = text.match(/^(?:import|export) (?!type\b)[^;]*?from "@keyfold\/[^"]*"/m)?.[0];
    expect([file, code]).toEqual([file, undefined]);
  }
});

test("the transformer is cast in one place", async () => {
  const casts = (await shipped()).flatMap(
    ([, text]) => text.match(/(?:superjson|transformer) as never/g) ?? [],
  );
  expect(casts).toHaveLength(1);
});
